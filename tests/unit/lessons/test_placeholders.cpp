#include <attn/lessons/placeholders.hpp>

#include <doctest/doctest.h>

using namespace attn::lessons;

TEST_CASE("a placeholder with two words takes the one that fits its number") {
  const std::string text = "{Lq} {Lq|query|queries}, {B|one|several}";
  CHECK(filled_in(text, {{"Lq", "1"}, {"B", "2"}}) == "1 query, several");
  CHECK(filled_in(text, {{"Lq", "0"}, {"B", "1"}}) == "0 queries, one");
  CHECK(filled_in(text, {}) == "Lq queries, several");
}

TEST_CASE("the names between braces are listed in order, each once") {
  CHECK(placeholders_in("{Lq|query|queries} {B} of {Lq}") == std::vector<std::string>{"Lq", "B"});
  CHECK(placeholders_in("none").empty());
}

TEST_CASE("a brace that is not part of a placeholder is found") {
  for (const char* sound : {"", "plain", "√{D} = {scale}", "{Lq|query|queries}"}) CHECK(has_sound_placeholders(sound));
  for (const char* broken : {"{Lq|}", "{Lq|query}", "{Lq|query|}", "{Lq||queries}", "{Lq|a|b|c}", "{|a|b}", "{}", "set {x, y}", "open {D", "D}"}) {
    CAPTURE(broken);
    CHECK_FALSE(has_sound_placeholders(broken));
  }
}
