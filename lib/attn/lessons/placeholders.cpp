#include <attn/lessons/placeholders.hpp>

#include <algorithm>
#include <optional>

namespace attn::lessons {
namespace {

bool is_placeholder_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

/// "Lq", or "Lq|query|queries": a value, or the word that fits the number it is.
struct Placeholder {
  std::string_view name, singular, plural;
};

std::optional<Placeholder> parse_placeholder(std::string_view text) {
  const std::size_t first = text.find('|');
  Placeholder placeholder{text.substr(0, first), {}, {}};
  if (!is_placeholder_name(placeholder.name)) return std::nullopt;
  if (first == std::string_view::npos) return placeholder;
  const std::size_t second = text.find('|', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  placeholder.singular = text.substr(first + 1, second - first - 1);
  placeholder.plural = text.substr(second + 1);
  const bool two_words = !placeholder.singular.empty() && !placeholder.plural.empty() &&
                         placeholder.plural.find('|') == std::string_view::npos;
  return two_words ? std::optional(placeholder) : std::nullopt;
}

/// Calls text(piece) and placeholder(Placeholder) in the order in which they come; false for a stray brace.
template <class Text, class Value>
bool walk(std::string_view paragraph, Text&& text, Value&& placeholder) {
  while (!paragraph.empty()) {
    const std::size_t open = paragraph.find_first_of("{}");
    text(paragraph.substr(0, open));
    if (open == std::string_view::npos) return true;
    const std::size_t close = paragraph.find('}', open);
    if (paragraph[open] == '}' || close == std::string_view::npos) return false;
    const auto found = parse_placeholder(paragraph.substr(open + 1, close - open - 1));
    if (!found) return false;
    placeholder(*found);
    paragraph.remove_prefix(close + 1);
  }
  return true;
}

}  // namespace

std::string filled_in(std::string_view paragraph, const Placeholders& values) {
  std::string text;
  walk(
      paragraph, [&](std::string_view piece) { text += piece; },
      [&](const Placeholder& placeholder) {
        const auto value = values.find(placeholder.name);
        const bool known = value != values.end();
        if (!placeholder.plural.empty()) {
          text += known && value->second == "1" ? placeholder.singular : placeholder.plural;
        } else {
          text += known ? std::string_view(value->second) : placeholder.name;
        }
      });
  return text;
}

bool has_sound_placeholders(std::string_view text) {
  const auto ignore = [](const auto&) {};
  return walk(text, ignore, ignore);
}

std::vector<std::string> placeholders_in(std::string_view text) {
  std::vector<std::string> names;
  walk(
      text, [](std::string_view) {},
      [&](const Placeholder& found) {
        if (std::find(names.begin(), names.end(), found.name) == names.end()) names.emplace_back(found.name);
      });
  return names;
}

const std::vector<std::string_view>& placeholder_names() {
  static const std::vector<std::string_view> names = {
      // the letters of shape.hpp
      "B", "H", "Hk", "Lq", "Lk", "P", "Ln", "E", "Ek", "Ev", "D", "Dv",
      // the options of the run
      "scale", "softcap", "fill", "p", "window", "valid_lens", "offset",
      // layers
      "eps", "Eo",
      // what was found
      "deviation", "expected", "found", "count", "step", "row",
      // mistakes made on purpose
      "id", "title",
      // one number taken apart
      "axis", "term",
      // shapes and the code that claims them
      "F", "V", "name", "right", "list",
      // how much is shown; filled in by the renderers
      "shown", "total"};
  return names;
}

}  // namespace attn::lessons
