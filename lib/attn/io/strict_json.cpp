#include <attn/error.hpp>
#include <attn/io/names.hpp>
#include <attn/io/strict_json.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstring>
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

// The number that the parser has just read: it may have looked one character past it.
std::string_view number_before(const char* begin, const char* consumed) {
  const auto belongs_to_number = [](char c) { return (c >= '0' && c <= '9') || std::strchr("+-.eE", c) != nullptr; };
  const char* end = belongs_to_number(consumed[-1]) ? consumed : consumed - 1;
  const char* first = end;
  while (first > begin && belongs_to_number(first[-1])) --first;
  return {first, static_cast<std::size_t>(end - first)};
}

// What a zero was in the text: nothing else, a zero that lost its sign as an integer, or a number that
// float64 cannot hold.
void check_zero(nlohmann::json& zero, std::string_view text, const std::string& subject) {
  const std::string_view mantissa = text.substr(0, text.find_first_of("eE"));
  if (zero.is_number_float() && mantissa.find_first_of("123456789") != std::string_view::npos) {
    throw InputError(subject, fmt::format("has the number {}, below the range of float64", in_quotes(text)));
  }
  if (text.front() == '-') zero = -0.0;
}

// "[json.exception.parse_error.101] parse error at line 1, column 5: …" without the exception's name.
std::string problem_of(const std::exception& error) {
  const std::string text = error.what();
  const std::size_t end = text.find("] ");
  std::string problem = one_line(end == std::string::npos ? text : text.substr(end + 2));
  const bool is_infinity = problem.find("expected digit after '-'; last read: '-I'") != std::string::npos;  // as Python writes it
  if (is_infinity || problem.find("invalid literal") != std::string::npos) {
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
        if (parsed.is_number() && parsed == 0) check_zero(parsed, number_before(begin, consumed), subject);
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
