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

bool is_comment(std::string_view line) { return !line.empty() && line.front() == '#'; }

// More entries than fit at this size only cost a second allocation.
constexpr std::size_t bytes_of_short_entry = 64;

/// Without comments and empty lines.
std::optional<std::string_view> first_line_of_text(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    if (!line.empty() && !is_comment(line)) return line;
  }
  return std::nullopt;
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

}  // namespace

std::optional<Language> find_language(std::string_view name) {
  if (name == "en") return Language::en;
  if (name == "zh") return Language::zh;
  return std::nullopt;
}

Lesson::Lesson(std::string_view name, std::string_view file) : name_(name), file_(file), slots_(64) {
  places_.reserve(file.size() / bytes_of_short_entry);
  const char* begin_of_text = file.data();
  std::string_view key;
  const auto end_entry = [&](const char* end) {
    const std::string_view text(begin_of_text, static_cast<std::size_t>(end - begin_of_text));
    if (key.data() != nullptr) return add({key, text});
    if (const auto stray = first_line_of_text(text)) refuse(stray->data(), "text before the first [key]");
  };
  while (!file.empty()) {
    const char* const begin_of_line = file.data();
    const std::string_view line = trimmed(take_line(file));
    if (line.empty() || line.front() != '[' || line.back() != ']') continue;
    end_entry(begin_of_line);
    key = line.substr(1, line.size() - 2);
    begin_of_text = file.data();
  }
  end_entry(file.data());
}

void Lesson::add(Place place) {
  if (2 * (places_.size() + 1) > slots_.size()) {
    slots_.assign(2 * slots_.size(), 0);
    for (std::size_t i = 0; i < places_.size(); ++i) slots_[slot_of(places_[i].key)] = static_cast<std::uint16_t>(i + 1);
  }
  std::uint16_t& slot = slots_[slot_of(place.key)];
  if (slot != 0) refuse(place.key.data(), "[" + std::string(place.key) + "] is given twice");
  places_.push_back(place);
  slot = static_cast<std::uint16_t>(places_.size());
}

// Where the key is, or belongs.
std::size_t Lesson::slot_of(std::string_view key) const {
  const std::size_t last = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>()(key) & last;
  while (slots_[slot] != 0 && places_[slots_[slot] - 1u].key != key) slot = (slot + 1) & last;
  return slot;
}

const Lesson::Place* Lesson::find(std::string_view key, std::string_view variant) const {
  const auto exactly = [this](std::string_view wanted) {
    const std::size_t position = slots_[slot_of(wanted)];
    return position == 0 ? nullptr : &places_[position - 1];
  };
  const Place* found = variant.empty() ? nullptr : exactly(std::string(key) + "." + std::string(variant));
  return found ? found : exactly(key);
}

// The line is that on which the character stands, for an error about an entry the one that ends it.
void Lesson::refuse(const char* where, const std::string& problem) const {
  const auto line = 1 + std::count(file_.data(), where, '\n');
  throw std::logic_error(std::string(name_) + ": line " + std::to_string(line) + ": " + problem);
}

std::vector<std::string> Lesson::read(const Place& place) const {
  std::vector<std::string> paragraphs;
  bool within = false;
  for (std::string_view rest = place.text; !rest.empty();) {
    const std::string_view line = trimmed(take_line(rest));
    if (is_comment(line)) continue;
    if (!line.empty() && !within) paragraphs.emplace_back();
    if (!line.empty()) join_line(paragraphs.back(), line);
    within = !line.empty();
  }
  const char* const end = place.text.data() + place.text.size();
  if (paragraphs.empty()) refuse(end, "[" + std::string(place.key) + "] has no text");
  for (const std::string& paragraph : paragraphs) {
    if (!has_sound_placeholders(paragraph)) {
      refuse(end, "[" + std::string(place.key) + "] has a brace that is not part of a placeholder such as {D}");
    }
  }
  return paragraphs;
}

std::vector<Lesson::Entry> Lesson::entries() const {
  std::vector<Entry> entries;
  for (const Place& place : places_) entries.push_back({std::string(place.key), read(place)});
  return entries;
}

std::vector<std::string_view> Lesson::keys() const {
  std::vector<std::string_view> keys;
  for (const Place& place : places_) keys.push_back(place.key);
  return keys;
}

std::vector<std::string> Lesson::paragraphs(std::string_view key, std::string_view variant,
                                            const Placeholders& values) const {
  const Place* place = find(key, variant);
  if (!place) return {};
  std::vector<std::string> texts = read(*place);
  for (std::string& text : texts) text = filled_in(text, values);
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
    for (const std::string_view key : mistake_lesson(Language::en).keys()) {
      const std::string_view id = key.substr(0, key.find('.'));
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

}  // namespace attn::lessons
