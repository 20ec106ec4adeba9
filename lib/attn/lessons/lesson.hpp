// The notes printed beside each step, and the catalogue of mistakes. Their text is data: one file a
// language of each (en.txt, zh.txt; mistakes.en.txt, variants.en.txt, …), built into the library. On first use a
// file is only searched for its keys: a run prints few of its hundreds of entries, and starts that much sooner.
//
// A file has entries. An entry is a line "[key]" or "[key.variant]" followed by free text; the lines of a
// paragraph are joined (without a space inside Chinese text, with one between Chinese and Latin words), a blank line separates paragraphs.
// "{D}" is replaced by a value of the run, "{Lq|query|queries}" by the word that fits that number. A line that starts with "#" is a comment.
#pragma once

#include <attn/lessons/placeholders.hpp>
#include <attn/steps.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::lessons {

enum class Language { en, zh };

/// "en" or "zh"; empty for any other name.
std::optional<Language> find_language(std::string_view name);

class Lesson {
 public:
  struct Entry {
    std::string key;                      ///< "scores_scaled.auto"
    std::vector<std::string> paragraphs;  ///< with their placeholders
  };

  /// Finds the entries of a lesson file, whose text has to outlast the lesson. The files are built in, so what is
  /// wrong in one is a defect of the program: throws std::logic_error with the name and the line, here for text before
  /// the first key or a key that is given twice, and where an entry is read for one without text or with a brace that
  /// is not part of a placeholder.
  Lesson(std::string_view name, std::string_view file);

  /// The paragraphs of "key.variant", else of "key", else none.
  std::vector<std::string> paragraphs(std::string_view key, std::string_view variant = {},
                                      const Placeholders& values = {}) const;
  /// The same as one text, paragraphs joined by a line break.
  std::optional<std::string> note(std::string_view key, std::string_view variant = {},
                                  const Placeholders& values = {}) const;

  /// All of them, in the order of the file.
  std::vector<Entry> entries() const;
  std::vector<std::string_view> keys() const;

 private:
  struct Place {
    std::string_view key, text;  ///< within the file
  };
  void add(Place place);
  std::size_t slot_of(std::string_view key) const;
  const Place* find(std::string_view key, std::string_view variant) const;
  std::vector<std::string> read(const Place& place) const;
  [[noreturn]] void refuse(const char* where, const std::string& problem) const;

  std::string_view name_, file_;
  std::vector<Place> places_;
  std::vector<std::uint16_t> slots_;  ///< by hash, a power of two of them: 0 is free, else a position in places_ plus 1
};

/// The lesson of a language, the same object every time.
const Lesson& lesson(Language language);

/// The catalogue of mistakes in that language. Every id of mistake_ids() has the entries
/// "ID.title", "ID.symptom", "ID.shows", "ID.blind", "ID.message" and "ID.fix".
const Lesson& mistake_lesson(Language language);

/// What was done by each variant of a mistake, in that language: a phrase for the {found} of its
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

}  // namespace attn::lessons
