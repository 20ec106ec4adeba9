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

TEST_CASE("a text ends at its own quotation mark: three characters, or one on the same line") {
  CHECK(texts("\"\"\"a 'b' (\nc\"\"\" d") == std::vector<std::string>{"a 'b' (\nc", "d"});
  CHECK(texts("''' \" ''' ''") == std::vector<std::string>{" \" ", ""});
  CHECK(texts("'it\\'s' x") == std::vector<std::string>{"it\\'s", "x"});
  CHECK(texts("don't\nx") == std::vector<std::string>{"don", "t", "x"});
  CHECK(texts("\"\"\"open\n") == std::vector<std::string>{"open\n"});
  CHECK(end_of_text("a = 'b' + c", 4) == 7);
  CHECK(quote_at("a", 0).empty());
  CHECK(quote_at("a", 1).empty());
}

TEST_CASE("a number token has its letters and the sign of its exponent, and no other") {
  CHECK(texts("0x4e-1") == std::vector<std::string>{"0x4e", "-", "1"});
  CHECK(texts("1e5-3") == std::vector<std::string>{"1e5", "-", "3"});
  CHECK(texts("1_024*2.") == std::vector<std::string>{"1_024", "*", "2."});
}

TEST_CASE("numbers are read as Python reads them, wholly or not at all") {
  CHECK(number_of("1_024") == 1024);
  CHECK(number_of("0x40") == 64);
  CHECK(number_of("0B1010") == 10);
  CHECK(number_of("0o17") == 15);
  CHECK(number_of("1.5e-3") == 0.0015);
  CHECK(number_of("2.") == 2);
  for (const char* text : {"", "3j", "0x", "0b12", "1e999", "12abc", "1.2.3"}) {
    CAPTURE(text);
    CHECK_FALSE(number_of(text));
  }
}
