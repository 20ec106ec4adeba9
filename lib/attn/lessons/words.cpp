#include <attn/lessons/words.hpp>

namespace attn::lessons {

render::Words words(Language language) {
  const Lesson& source = lesson(language);
  // These entries are templates whose braces the renderer fills in, so their names stay as they are.
  const Placeholders kept = {{"shown_matrices", "{shown_matrices}"}, {"matrices", "{matrices}"},
                             {"shown_rows", "{shown_rows}"},         {"rows", "{rows}"},
                             {"shown_columns", "{shown_columns}"},   {"columns", "{columns}"}};
  const auto word = [&](std::string_view name) { return source.note("word", name, kept).value_or(""); };
  render::Words words;
  words.batch = word("batch");
  words.head = word("head");
  words.kv_head = word("kv_head");
  words.list_separator = language == Language::zh ? "，" : ", ";
  words.no_elements = word("no_elements");
  words.excerpt = word("excerpt");
  words.excerpt_of_one = word("excerpt_of_one");
  return words;
}

}  // namespace attn::lessons
