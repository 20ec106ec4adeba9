#include <attn/io/strict_json.hpp>

#include "io_testing.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

using namespace attn::io;

namespace {

nlohmann::json parse(const std::string& text) { return parse_strict_json(text, "a.json"); }

std::string refusal(const std::string& text) {
  return error_of([&] { parse(text); });
}

}  // namespace

TEST_CASE("a document is parsed") {
  const nlohmann::json document = parse(R"({"a": [1, 2.5, "x", true, null], "b": {"a": 1}})");
  CHECK(document["a"].size() == 5);
  CHECK(document["b"]["a"] == 1);
}

TEST_CASE("minus zero keeps its sign, wherever it stands") {
  const nlohmann::json document = parse("[-0, 0, -0 ,[-0],10,-0]");
  for (const std::size_t i : {std::size_t{0}, std::size_t{2}, std::size_t{5}}) {
    CHECK(std::signbit(document[i].get<double>()));
  }
  CHECK(std::signbit(document[3][0].get<double>()));
  CHECK(document[1].is_number_integer());
  CHECK(document[4] == 10);
  CHECK(std::signbit(parse("-0").get<double>()));
  CHECK_FALSE(std::signbit(parse("0").get<double>()));
}

TEST_CASE("a key given twice in one object is refused, the same key in two objects is not") {
  CHECK(refusal(R"({"a": 1, "b": 2, "a": 3})") == "input: a.json: has the key 'a' twice in one object");
  CHECK(contains(refusal(R"([{"x": {"k": 1, "\u006b": 2}}])"), "has the key 'k' twice"));
  CHECK_NOTHROW(parse(R"([{"a": 1}, {"a": {"a": 2}}])"));
}

TEST_CASE("nesting is limited to 64 levels") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK_NOTHROW(parse(nested(64)));
  CHECK(refusal(nested(65)) == "input: a.json: is nested deeper than 64 levels");
  CHECK(contains(refusal(std::string(1000000, '[')), "is nested deeper than 64 levels"));
}

TEST_CASE("malformed text is refused with line and column") {
  CHECK(contains(refusal("[1,\n2"), "input: a.json: parse error at line 2, column 2"));
  CHECK(contains(refusal(""), "parse error at line 1, column 1"));
  CHECK(contains(refusal("[1] 2"), "parse error"));
  CHECK(contains(refusal("[1,]"), "parse error"));
  CHECK(contains(refusal("[01]"), "parse error"));
  CHECK(contains(refusal("[\"\xff\"]"), "parse error"));
  CHECK(contains(refusal("[1e999]"), "'1e999'"));
  for (const char* text : {"[NaN]", "[1, Infinity]", "[-Infinity]"}) {
    CHECK(contains(refusal(text), "are the strings \"NaN\", \"Infinity\", \"-Infinity\""));
  }
}
