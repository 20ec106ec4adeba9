#include <attn/lessons/words.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::lessons;

TEST_CASE("the English words are the renderers' own") {
  const render::Words ours = words(Language::en), defaults;
  CHECK(ours.batch == defaults.batch);
  CHECK(ours.head == defaults.head);
  CHECK(ours.kv_head == defaults.kv_head);
  CHECK(ours.list_separator == defaults.list_separator);
  CHECK(ours.no_elements == defaults.no_elements);
  CHECK(ours.shown_in_part == defaults.shown_in_part);
  CHECK(ours.some_matrices == defaults.some_matrices);
  CHECK(ours.some_rows == defaults.some_rows);
  CHECK(ours.some_columns == defaults.some_columns);
}

TEST_CASE("the Chinese words keep the places where numbers go") {
  const render::Words words_zh = words(Language::zh);
  CHECK(words_zh.batch == "批次");
  CHECK(words_zh.some_rows == "{total} 行中的 {shown} 行");
}
