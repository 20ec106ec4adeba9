#include <attn/model/json_fields.hpp>

#include "model_testing.hpp"

#include <attn/io/strict_json.hpp>

#include <nlohmann/json.hpp>

using namespace attn;

namespace {

nlohmann::json json_of(const std::string& text) { return io::parse_strict_json(text, "f.json"); }

}  // namespace

TEST_CASE("fields are read as what they are, and absent ones are empty") {
  const nlohmann::json json = json_of(R"({"n": 3, "x": 0.5, "yes": true, "t": "word", "list": ["a", "b"], "inner": {"k": 1}})");
  JsonFields fields(json, "f.json");
  CHECK(fields.whole("n") == 3);
  CHECK(fields.number("x") == 0.5);
  CHECK(fields.number("n") == 3.0);
  CHECK(fields.truth("yes") == true);
  CHECK(fields.text("t") == "word");
  CHECK(fields.texts("list") == std::vector<std::string>{"a", "b"});
  CHECK(fields.texts("t") == std::vector<std::string>{"word"});
  CHECK(fields.object("inner")->whole("k") == 1);
  CHECK_FALSE(fields.whole("absent").has_value());
  CHECK_FALSE(fields.object("gone").has_value());
  fields.finish();
}

TEST_CASE("a value of another kind is refused with its place") {
  const nlohmann::json json = json_of(R"({"n": -1, "big": 1e3, "word": "gren", "inner": {"k": "two"}})");
  JsonFields fields(json, "f.json");
  CHECK(error_of([&] { fields.whole("n", 1); }) == "input: f.json: n must be a whole number from 1 to 2^31, found '-1'");
  CHECK(contains(error_of([&] { fields.whole("big"); }), "must be a whole number"));
  CHECK(error_of([&] { fields.truth("n"); }) == "input: f.json: n must be true or false, found '-1'");
  CHECK(error_of([&] { fields.text("n"); }) == "input: f.json: n must be text, found '-1'");
  CHECK(error_of([&] { fields.object("inner")->number("k"); }) == "input: f.json: inner.k must be a number, found '\"two\"'");
  CHECK(error_of([&] { fields.object("n"); }) == "input: f.json: n must be an object {…}, found '-1'");
  const std::vector<std::pair<std::string, int>> colours = {{"red", 1}, {"green", 2}};
  CHECK(error_of([&] { fields.choice("word", colours); }) == "input: f.json: word must be one of 'red', 'green', found 'gren'; did you mean 'green'?");
  CHECK(error_of([&] { fields.require("absent", fields.whole("absent")); }) == "input: f.json: absent is missing");
}

TEST_CASE("a field that nobody reads is refused, with the nearest known one") {
  const nlohmann::json json = json_of(R"({"heats": 2})");
  JsonFields fields(json, "f.json");
  fields.whole("heads");
  fields.whole("width");
  CHECK(error_of([&] { fields.finish(); }) == "input: f.json: heats is not a field of this file; did you mean 'heads'?");
}
