#include <attn/shapes/python_tokens.hpp>

#include <doctest/doctest.h>

using namespace attn::shapes::python;

namespace {

std::vector<std::string> texts(std::string_view source) {
  std::vector<std::string> found;
  for (const Token& token : tokens_of(source)) found.push_back(token.text);
  return found;
}

}  // namespace

TEST_CASE("names, numbers, texts and signs come apart, signs of two letters together") {
  CHECK(texts("y=a.b(1.5e-3,'c d')//2") == std::vector<std::string>{"y", "=", "a", ".", "b", "(", "1.5e-3", ",", "c d", ")", "//", "2"});
  CHECK(texts("x**2>=.5") == std::vector<std::string>{"x", "**", "2", ">=", ".5"});
  CHECK(texts("").empty());
}

TEST_CASE("a token knows its kind and where it begins") {
  const auto tokens = tokens_of("  x = 'a' # 7");
  REQUIRE(tokens.size() == 5);
  CHECK(tokens[0].kind == Token::Kind::name);
  CHECK(tokens[0].begin == 2);
  CHECK(tokens[2].kind == Token::Kind::text);
  CHECK(tokens[2].begin == 6);
  CHECK(tokens[3].kind == Token::Kind::symbol);
  CHECK(tokens[4].kind == Token::Kind::number);
}

TEST_CASE("bytes beyond ASCII belong to names, and an open text ends with the source") {
  CHECK(texts("注意力 = 1") == std::vector<std::string>{"注意力", "=", "1"});
  CHECK(texts("'abc") == std::vector<std::string>{"abc"});
}
