#include <attn/error.hpp>
#include <attn/io/names.hpp>
#include <attn/io/strict_json.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>
#include <set>

namespace attn::io {
namespace {

constexpr int max_depth = 64;

// Walks the text and tells how far the parser has come.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  const char** consumed;

  const char& operator*() const { return *at; }
  Cursor& operator++() {
    *consumed = ++at;
    return *this;
  }
  bool operator==(const Cursor& other) const { return at == other.at; }
  bool operator!=(const Cursor& other) const { return at != other.at; }
};

// The parser hands over -0 as the integer 0. The text ends the number with at most one more character.
bool is_negative_zero(const char* begin, const char* consumed) {
  const char* zero = consumed - 1;
  if (zero > begin && *zero != '0') --zero;
  return zero > begin && *zero == '0' && zero[-1] == '-';
}

// "[json.exception.parse_error.101] parse error at line 1, column 5: …" without the exception's name.
std::string problem_of(const std::exception& error) {
  const std::string text = error.what();
  const std::size_t end = text.find("] ");
  std::string problem = one_line(end == std::string::npos ? text : text.substr(end + 2));
  if (problem.find("invalid literal") != std::string::npos) {
    problem += "; not-a-number and infinities are the strings \"NaN\", \"Infinity\", \"-Infinity\"";
  }
  return problem;
}

}  // namespace

nlohmann::json parse_strict_json(std::string_view text, const std::string& subject) {
  using nlohmann::json;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const char* consumed = begin;
  std::vector<std::set<std::string>> keys;
  const json::parser_callback_t check = [&](int depth, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
        keys.emplace_back();
        [[fallthrough]];
      case json::parse_event_t::array_start:
        if (depth >= max_depth)
          throw InputError(subject, fmt::format("is nested deeper than {} levels", max_depth));
        break;
      case json::parse_event_t::object_end:
        keys.pop_back();
        break;
      case json::parse_event_t::key:
        if (!keys.back().insert(parsed.get<std::string>()).second) {
          throw InputError(subject,
                           "has the key " + in_quotes(parsed.get<std::string>()) + " twice in one object");
        }
        break;
      case json::parse_event_t::value:
        if (parsed.is_number_integer() && parsed == 0 && is_negative_zero(begin, consumed)) parsed = -0.0;
        break;
      case json::parse_event_t::array_end:
        break;
    }
    return true;
  };
  try {
    return json::parse(Cursor{begin, &consumed}, Cursor{end, &consumed}, check);
  } catch (const json::exception& error) {
    throw InputError(subject, problem_of(error));
  }
}

}  // namespace attn::io
