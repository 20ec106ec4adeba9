#include <attn/lessons/lesson.hpp>

#include <attn/gradient_steps.hpp>
#include <attn/lessons/embedded.hpp>
#include <attn/render/display_width.hpp>

#include <algorithm>
#include <stdexcept>

namespace attn::lessons {
namespace {

/// The next line without its end; moves `text` past it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

enum class Script { latin, chinese, punctuation };

/// Punctuation that carries its own space, or takes none: that of Chinese, and dashes and curly quotes.
Script script_of(char32_t character) {
  const auto within = [character](char32_t first, char32_t last) { return first <= character && character <= last; };
  if (within(0x2010, 0x2027) || within(0x3000, 0x303F) || within(0xFE10, 0xFE6F) || within(0xFF00, 0xFFEF)) return Script::punctuation;
  return render::character_width(character) == 2 ? Script::chinese : Script::latin;
}

/// Whether a space joins the line that ends with one character to the line that begins with the other: not
/// inside Chinese text, but between a Chinese and a Latin word, as everywhere on the page.
bool joined_by_space(char32_t end, char32_t begin) {
  const Script left = script_of(end), right = script_of(begin);
  const bool both_latin = render::character_width(end) < 2 && render::character_width(begin) < 2;
  return both_latin || (left != right && left != Script::punctuation && right != Script::punctuation);
}

void join_line(std::string& paragraph, std::string_view line) {
  if (!paragraph.empty()) {
    std::size_t last = paragraph.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(paragraph[last]) & 0xC0) == 0x80) --last;
    std::string_view end = std::string_view(paragraph).substr(last), begin = line;
    if (joined_by_space(render::take_character(end), render::take_character(begin))) paragraph += ' ';
  }
  paragraph += line;
}

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

}  // namespace

std::optional<Language> find_language(std::string_view name) {
  if (name == "en") return Language::en;
  if (name == "zh") return Language::zh;
  return std::nullopt;
}

Lesson::Lesson(std::string_view name, std::string_view file) {
  std::size_t number = 0;
  const auto refuse = [&](const std::string& problem) {
    throw std::logic_error(std::string(name) + ": line " + std::to_string(number) + ": " + problem);
  };
  const auto end_entry = [&] {
    if (entries_.empty()) return;
    Entry& entry = entries_.back();
    if (!entry.paragraphs.empty() && entry.paragraphs.back().empty()) entry.paragraphs.pop_back();
    if (entry.paragraphs.empty()) refuse("[" + entry.key + "] has no text");
    for (const std::string& paragraph : entry.paragraphs) {
      if (!walk(
              paragraph, [](std::string_view) {}, [](const Placeholder&) {})) {
        refuse("[" + entry.key + "] has a brace that is not part of a placeholder such as {D}");
      }
    }
  };
  while (!file.empty()) {
    const std::string_view line = trimmed(take_line(file));
    ++number;
    if (!line.empty() && line.front() == '#') continue;
    if (!line.empty() && line.front() == '[' && line.back() == ']') {
      end_entry();
      const std::string key(line.substr(1, line.size() - 2));
      if (!by_key_.emplace(key, entries_.size()).second) refuse("[" + key + "] is given twice");
      entries_.push_back({key, {}});
    } else if (line.empty()) {
      if (!entries_.empty() && !entries_.back().paragraphs.empty() &&
          !entries_.back().paragraphs.back().empty()) {
        entries_.back().paragraphs.emplace_back();
      }
    } else {
      if (entries_.empty()) refuse("text before the first [key]");
      if (entries_.back().paragraphs.empty()) entries_.back().paragraphs.emplace_back();
      join_line(entries_.back().paragraphs.back(), line);
    }
  }
  end_entry();
}

const Lesson::Entry* Lesson::find(std::string_view key, std::string_view variant) const {
  if (!variant.empty()) {
    const auto exact = by_key_.find(std::string(key) + "." + std::string(variant));
    if (exact != by_key_.end()) return &entries_[exact->second];
  }
  const auto general = by_key_.find(key);
  return general == by_key_.end() ? nullptr : &entries_[general->second];
}

std::vector<std::string> Lesson::paragraphs(std::string_view key, std::string_view variant,
                                            const Placeholders& values) const {
  std::vector<std::string> texts;
  if (const Entry* entry = find(key, variant)) {
    for (const std::string& paragraph : entry->paragraphs) texts.push_back(filled_in(paragraph, values));
  }
  return texts;
}

std::optional<std::string> Lesson::note(std::string_view key, std::string_view variant,
                                        const Placeholders& values) const {
  std::optional<std::string> text;
  for (const std::string& paragraph : paragraphs(key, variant, values)) {
    text = text ? *text + "\n" + paragraph : paragraph;
  }
  return text;
}

const Lesson& lesson(Language language) {
  if (language == Language::zh) {
    static const Lesson zh("zh.txt", embedded_zh);
    return zh;
  }
  static const Lesson en("en.txt", embedded_en);
  return en;
}

const Lesson& mistake_lesson(Language language) {
  if (language == Language::zh) {
    static const Lesson zh("mistakes.zh.txt", embedded_mistakes_zh);
    return zh;
  }
  static const Lesson en("mistakes.en.txt", embedded_mistakes_en);
  return en;
}

const Lesson& variant_lesson(Language language) {
  if (language == Language::zh) {
    static const Lesson zh("variants.zh.txt", embedded_variants_zh);
    return zh;
  }
  static const Lesson en("variants.en.txt", embedded_variants_en);
  return en;
}

std::optional<std::string> variant_phrase(Language language, const std::string& id, const std::string& variant, const Placeholders& values) {
  const std::size_t comma = variant.rfind(", ");
  const std::string last = comma == std::string::npos ? variant : variant.substr(comma + 2);
  if (last.empty() || !lesson(language).note("variant", last)) return variant_lesson(language).note(id, variant, values);
  const auto base = variant_phrase(language, id, comma == std::string::npos ? "" : variant.substr(0, comma), values);
  if (!base) return std::nullopt;
  return lesson(language).note("variant", last, {{"found", *base}});
}

const Lesson& shape_lesson(Language language) {
  if (language == Language::zh) {
    static const Lesson zh("shapes.zh.txt", embedded_shapes_zh);
    return zh;
  }
  static const Lesson en("shapes.en.txt", embedded_shapes_en);
  return en;
}

const std::vector<std::string_view>& mistake_ids() {
  static const std::vector<std::string_view> ids = [] {
    std::vector<std::string_view> found;
    for (const Lesson::Entry& entry : mistake_lesson(Language::en).entries()) {
      const std::string_view id = std::string_view(entry.key).substr(0, entry.key.find('.'));
      if (found.empty() || found.back() != id) found.push_back(id);
    }
    return found;
  }();
  return ids;
}

std::string meaning(Language language, Step step) {
  const StepInfo& row = step_info(step);
  if (is_gradient(step)) return lesson(language).note("word", "gradient_of", {{"step", std::string(name_of(differentiated(step)))}}).value_or(std::string(row.meaning));
  return lesson(language).note("meaning", row.name).value_or(std::string(row.meaning));
}

std::string formula(Language language, Step step) {
  const StepInfo& row = step_info(step);
  return lesson(language).note("formula", row.name).value_or(std::string(row.formula));
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
