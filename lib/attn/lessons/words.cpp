#include <attn/lessons/words.hpp>

namespace attn::lessons {

render::Words words(Language language) {
  const Lesson& source = lesson(language);
  // These two are filled in by the renderer, so their braces stay.
  const Placeholders kept = {{"shown", "{shown}"}, {"total", "{total}"}};
  const auto word = [&](std::string_view name) { return source.note("word", name, kept).value_or(""); };
  render::Words words;
  words.batch = word("batch");
  words.head = word("head");
  words.kv_head = word("kv_head");
  words.list_separator = language == Language::zh ? "，" : ", ";
  words.no_elements = word("no_elements");
  words.shown_in_part = word("shown_in_part") + (language == Language::zh ? "：" : ": ");
  words.some_matrices = word("some_matrices");
  words.some_rows = word("some_rows");
  words.some_columns = word("some_columns");
  words.language = word("language");
  words.contents = word("contents");
  words.theme = word("theme");
  words.every = word("every");
  words.left_out = word("left_out");
  words.keyboard_help = word("keyboard_help");
  return words;
}

}  // namespace attn::lessons
