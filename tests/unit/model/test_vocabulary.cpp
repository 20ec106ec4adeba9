#include <attn/model/vocabulary.hpp>

#include "model_testing.hpp"

using namespace attn;

namespace {

using Tokens = std::vector<std::size_t>;

const Vocabulary characters("<pad>\n一\n百\nA\n", TokenizerKind::characters, 4, "source.txt");
const Vocabulary words("<bos>\ntwenty\ntwenty-\none\nwell-known\n", TokenizerKind::words, 5, "target.txt");

}  // namespace

TEST_CASE("characters of any length are tokens, spaces between them are skipped") {
  CHECK(characters.encode("一百 A") == Tokens{1, 2, 3});
  CHECK(characters.encode("") == Tokens{});
  CHECK(characters.decode({0, 2, 1}) == "百一");
  CHECK(characters.token(2) == "百");
}

TEST_CASE("words stand apart, except after a token that ends in a hyphen") {
  CHECK(words.encode("one twenty-one  twenty") == Tokens{3, 2, 3, 1});
  CHECK(words.encode("well-known") == Tokens{4});
  CHECK(words.decode({0, 3, 2, 3, 1}) == "one twenty-one twenty");
}

TEST_CASE("text outside the vocabulary is refused, and so are tokens that no text has") {
  CHECK(error_of([] { characters.encode("一万"); }) == "input: --text: '万' at byte 3 is not in the vocabulary source.txt");
  CHECK(contains(error_of([] { words.encode("one <bos>"); }), "'<bos>' at byte 4"));
  CHECK(contains(error_of([] { words.encode("two"); }), "'two' at byte 0"));
  CHECK(contains(error_of([] { characters.encode("\xE4\xB8"); }), "is not in the vocabulary"));
}

TEST_CASE("a vocabulary that does not fit its model is refused") {
  const auto refusal = [](const char* lines, TokenizerKind kind, std::size_t expected) {
    return error_of([&] { Vocabulary(lines, kind, expected, "v.txt"); });
  };
  CHECK(refusal("a\nb\n", TokenizerKind::words, 3) == "input: v.txt: has 2 tokens, but the configuration says 3");
  CHECK(refusal("a\n\nb\n", TokenizerKind::words, 3) == "input: v.txt: line 2 is empty; expected one token a line");
  CHECK(refusal("a\nb\na\n", TokenizerKind::words, 3) == "input: v.txt: line 3 'a' stands there before");
  CHECK(refusal("a\nbc\n", TokenizerKind::characters, 2) == "input: v.txt: line 2 'bc' is not a single character");
  CHECK(refusal("a\nb c\n", TokenizerKind::words, 2) == "input: v.txt: line 2 'b c' has a space in it");
  CHECK(Vocabulary("a\r\nb", TokenizerKind::words, 2, "v.txt").token(0) == "a");
}
