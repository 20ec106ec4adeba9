// The notes printed beside each step, and the catalogue of mistakes. Their text is data: one file a
// language of each (en.txt, zh.txt; mistakes.en.txt, variants.en.txt, …), built into the library and parsed
// on first use.
//
// A file has entries. An entry is a line "[key]" or "[key.variant]" followed by free text; the lines of a
// paragraph are joined (without a space inside Chinese text, with one between Chinese and Latin words), a blank line separates paragraphs.
// "{D}" is replaced by a value of the run, "{Lq|query|queries}" by the word that fits that number. A line that starts with "#" is a comment.
#pragma once

#include <attn/steps.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::lessons {

enum class Language { en, zh };

/// "en" or "zh"; empty for any other name.
std::optional<Language> find_language(std::string_view name);

/// Values for placeholders, without their braces: {"D", "64"}. A placeholder without a value is printed
/// as its bare name, which for the letters of shape.hpp still reads well.
using Placeholders = std::map<std::string, std::string, std::less<>>;

class Lesson {
 public:
  struct Entry {
    std::string key;                      ///< "scores_scaled.auto"
    std::vector<std::string> paragraphs;  ///< with their placeholders
  };

  /// Parses a lesson file. The files are built in, so what is wrong in one is a defect of the program:
  /// throws std::logic_error with the name and the line for text before the first key, a key that is given
  /// twice, an entry without text, or a brace that is not part of a placeholder.
  Lesson(std::string_view name, std::string_view file);

  /// The paragraphs of "key.variant", else of "key", else none.
  std::vector<std::string> paragraphs(std::string_view key, std::string_view variant = {},
                                      const Placeholders& values = {}) const;
  /// The same as one text, paragraphs joined by a line break.
  std::optional<std::string> note(std::string_view key, std::string_view variant = {},
                                  const Placeholders& values = {}) const;

  /// In the order of the file.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  const Entry* find(std::string_view key, std::string_view variant) const;

  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> by_key_;
};

/// The lesson of a language, parsed once.
const Lesson& lesson(Language language);

/// The catalogue of mistakes in that language, parsed once. Every id of mistake_ids() has the entries
/// "ID.title", "ID.symptom", "ID.shows", "ID.blind", "ID.message" and "ID.fix".
const Lesson& mistake_lesson(Language language);

/// What was done by each variant of a mistake, in that language, parsed once: a phrase for the {found} of its
/// message. note(ID, variant) is that of a row of the table of mistakes (attn/verify/mistakes.hpp).
const Lesson& variant_lesson(Language language);

/// The phrase of a variant; that of "A, B", where [variant.B] is among the words of the tools, is the phrase of A
/// in it. Empty where there is none.
std::optional<std::string> variant_phrase(Language language, const std::string& id, const std::string& variant,
                                          const Placeholders& values = {});

/// The sentences about shapes, contradictions and error messages: shapes.en.txt and shapes.zh.txt.
const Lesson& shape_lesson(Language language);

/// The stable ids of the catalogue ("C1"), in its order, which is that of mistakes.en.txt.
const std::vector<std::string_view>& mistake_ids();

/// What a step means and how it is computed, in that language: of the step table in English, of the
/// lesson file otherwise.
std::string meaning(Language language, Step step);
std::string formula(Language language, Step step);

/// Every name that may stand between braces in a lesson file.
const std::vector<std::string_view>& placeholder_names();

/// The names between braces in a text, in order, each once.
std::vector<std::string> placeholders_in(std::string_view text);

}  // namespace attn::lessons
