#include <attn/io/json.hpp>

#include "io_testing.hpp"

#include <cmath>

using namespace attn;
using namespace attn::io;

namespace {

Array read(const std::string& text) {
  const std::vector<NamedArray> arrays = read_json(text, "a.json");
  REQUIRE(arrays.size() == 1);
  CHECK(arrays[0].name.empty());
  return arrays[0].array;
}

std::string refusal(const std::string& text) {
  return error_of([&] { read_json(text, "a.json"); });
}

}  // namespace

TEST_CASE("nested lists are an array of their depth") {
  const Array array = read("[[1.5, 2], [3, 4], [-5, 6e2]]");
  CHECK(array.shape == Shape{3, 2});
  CHECK(array.dtype == DType::float64);
  CHECK(values_of(array) == std::vector<double>{1.5, 2, 3, 4, -5, 600});
  CHECK(read("[[[7]]]").shape == Shape{1, 1, 1});
  CHECK(read("3.25").shape == Shape{});
  CHECK(values_of(read("3.25")) == std::vector<double>{3.25});
}

TEST_CASE("the element type is what the text shows") {
  CHECK(read("[1, 0, -3]").dtype == DType::int64);
  CHECK(values_of(read("[1, 0, -3]")) == std::vector<double>{1, 0, -3});
  CHECK(read("[1, 0.0]").dtype == DType::float64);
  CHECK(read("[1, -0]").dtype == DType::float64);
  CHECK(std::signbit(values_of(read("[1, -0]"))[1]));
  CHECK(std::signbit(values_of(read("-0.0e5"))[0]));
  CHECK(read("0").dtype == DType::int64);
  CHECK(read("[true, false]").dtype == DType::boolean);
  CHECK(values_of(read("[[true], [false]]")) == std::vector<double>{1, 0});
  CHECK(read("[]").dtype == DType::float64);
}

TEST_CASE("a number below the range of float64 is refused, not rounded to zero") {
  for (const char* text : {"1e-400", "[[1, 1e-400]]", "[-0.001E-330, 2]", "{\"x\": 2e-324}"}) {
    CHECK(refusal(text).find("below the range of float64") != std::string::npos);
  }
  CHECK(values_of(read("[0.000, 0e-999]")) == std::vector<double>{0, 0});
  CHECK(values_of(read("5e-324")) == std::vector<double>{5e-324});
}

TEST_CASE("three strings are non-finite numbers, others are refused") {
  const std::vector<double> values = values_of(read(R"(["NaN", "Infinity", "-Infinity", 1])"));
  CHECK(std::isnan(values[0]));
  CHECK(values[1] == HUGE_VAL);
  CHECK(values[2] == -HUGE_VAL);
  CHECK(refusal(R"([1, "inf"])") ==
        "input: a.json: [1] is the text 'inf'; expected a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
}

TEST_CASE("integers are exact or refused") {
  CHECK(values_of(read("[9007199254740992]")) == std::vector<double>{0x1p53});
  CHECK(values_of(read("[-9223372036854775808]")) == std::vector<double>{-0x1p63});
  CHECK(values_of(read("[9223372036854775808]")) == std::vector<double>{0x1p63});
  CHECK(refusal("[1, 9007199254740993]") ==
        "input: a.json: [1] is 9007199254740993, an integer that float64 cannot hold exactly");
  CHECK(contains(refusal("[-9007199254740993]"), "[0] is -9007199254740993"));
  CHECK(contains(refusal("[18446744073709551615]"), "[0] is 18446744073709551615"));
}

TEST_CASE("ragged lists are refused with their place") {
  CHECK(refusal("[[1, 2], [3]]") == "input: a.json: [1] has 1 elements, but the lists before it have 2");
  CHECK(contains(refusal("[[[1], [2]], [[3], [4, 5]]]"),
                 "[1][1] has 2 elements, but the lists before it have 1"));
  CHECK(contains(refusal("[[1], 2]"), "[1] is a single value where other elements are lists"));
  CHECK(contains(refusal("[1, [2]]"), "[1] is a list where other elements are single values"));
  CHECK(contains(refusal("[1, []]"), "[1] is a list where other elements are single values"));
  CHECK(contains(refusal("[[], 1]"), "[1] is a single value where other elements are lists"));
  CHECK(contains(refusal("[[], [[]]]"), "[1] has 1 elements, but the lists before it have 0"));
}

TEST_CASE("empty lists have a shape") {
  CHECK(read("[]").shape == Shape{0});
  CHECK(read("[[], []]").shape == Shape{2, 0});
  CHECK(read("[[[]], [[]]]").shape == Shape{2, 1, 0});
}

TEST_CASE("what is no number is refused with its place") {
  CHECK(refusal("[[1, null]]") == "input: a.json: [0][1] is null; expected a number");
  CHECK(refusal("null") == "input: a.json: is null; expected a number");
  CHECK(contains(refusal("[{}]"), "[0] is an object; expected numbers"));
  CHECK(contains(refusal("[1, true]"), "[1] mixes booleans and numbers"));
  CHECK(contains(refusal(R"([true, "NaN"])"), "[1] mixes booleans and numbers"));
}

TEST_CASE("an object holds one array for each key") {
  const std::vector<NamedArray> arrays = read_json(R"({"q": [[1, 2]], "a k": [3], "scale": 0.5})", "a.json");
  REQUIRE(arrays.size() == 3);
  CHECK(arrays[0].name == "a k");
  CHECK(arrays[1].name == "q");
  CHECK(arrays[1].array.shape == Shape{1, 2});
  CHECK(arrays[2].array.shape == Shape{});
  CHECK(refusal(R"({"q": [[1], [2, 3]]})") ==
        "input: a.json: \"q\"[1] has 2 elements, but the lists before it have 1");
  CHECK(contains(refusal(R"({"q": "text"})"), "\"q\" is the text 'text'"));
  CHECK(contains(refusal(R"({"q": [1], "q": [2]})"), "has the key 'q' twice"));
  CHECK(read_json("{}", "a.json").empty());
}

TEST_CASE("a trace holds one array for each step, and other keys are ignored") {
  const std::vector<NamedArray> arrays = read_json(
      R"({"tool": "x", "sizes": {"B": 1}, "note": null,
          "steps": [{"step": "q", "symbol": "Q", "shape": [1, 2], "values": [[1, 0.5]]},
                    {"step": "mask", "shape": [], "values": "-Infinity"},
                    {"step": "past_key", "shape": [2, 0, 3], "values": [[], []]}]})",
      "t.json");
  REQUIRE(arrays.size() == 3);
  CHECK(arrays[0].name == "q");
  CHECK(values_of(arrays[0].array) == std::vector<double>{1, 0.5});
  CHECK(values_of(arrays[1].array) == std::vector<double>{-HUGE_VAL});
  CHECK(arrays[2].array.shape == Shape{2, 0, 3});
}

TEST_CASE("a malformed trace is refused with its place") {
  CHECK(refusal(R"({"steps": 1})") == "input: a.json: \"steps\" is not a list");
  CHECK(refusal(R"({"steps": [1]})") == "input: a.json: steps[0] has no \"step\"");
  CHECK(refusal(R"({"steps": [{"step": "q", "shape": [1]}]})") ==
        "input: a.json: steps[0] has no \"values\"");
  CHECK(refusal(R"({"steps": [{"step": 1, "shape": [1], "values": [1]}]})") ==
        "input: a.json: steps[0].step is not text");
  CHECK(refusal(R"({"steps": [{"step": "q", "shape": [-1], "values": [1]}]})") ==
        "input: a.json: steps[0].shape is not a list of sizes");
  CHECK(refusal(R"({"steps": [{"step": "q", "shape": [2, 1], "values": [1, 2]}]})") ==
        "input: a.json: steps[0] declares shape (2, 1), but its values have shape (2,)");
  CHECK(contains(refusal(R"({"steps": [{"step": "q", "shape": [0, 2], "values": [[1, 2]]}]})"),
                 "declares shape (0, 2)"));
  CHECK(
      contains(refusal(R"({"steps": [{"step": "q", "shape": [3], "values": []}]})"), "declares shape (3,)"));
  CHECK(contains(refusal(R"({"steps": [{"step": "q", "shape": [0, 3], "values": [[1], [1, 2]]}]})"),
                 "steps[0].values[1] has 2 elements"));
  CHECK(
      refusal(
          R"({"steps": [{"step": "q", "shape": [1], "values": [1]}, {"step": "q", "shape": [1], "values": [1]}]})") ==
      "input: a.json: has the step 'q' twice");
}

TEST_CASE("a document over the memory limit is refused before it is parsed") {
  const std::string text = "[0" + std::string(2000, ',');  // malformed, which is found out later
  CHECK(contains(error_of([&] { read_json(text, "a.json", MemoryLimit(10000)); }), "limit: a.json: needs "));
  CHECK_NOTHROW(read_json("[1, 2, 3]", "a.json", MemoryLimit(10000)));
}

TEST_CASE("null is an empty cell where it is allowed") {
  const auto read_sheet = [](const std::string& text) { return read_json(text, "a.json", {}, EmptyCells::allowed); };
  const std::vector<NamedArray> arrays = read_sheet("[[1, null], [null, 4]]");
  REQUIRE(arrays.size() == 1);
  CHECK(arrays[0].array.shape == Shape{2, 2});
  CHECK(arrays[0].unfilled == std::vector<std::size_t>{1, 2});
  CHECK(read_sheet("[[true, null]]")[0].array.dtype == DType::float64);
  CHECK(read_sheet("[1, 2]")[0].unfilled.empty());
  // A list in the place of a number is still ragged.
  CHECK(contains(error_of([&] { read_sheet("[null, [1, 2]]"); }), "is a list where other elements are single values"));
  CHECK(contains(error_of([&] { read_sheet("[[1, 2], null]"); }), "is a single value where other elements are lists"));
}
