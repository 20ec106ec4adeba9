#include <attn/render/json.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

using namespace attn;
using namespace attn::render;

namespace {

std::string text_of(const Json& json) {
  StringOutput output;
  write_json(output, json);
  return output.text();
}

}  // namespace

TEST_CASE("every kind of value is written as JSON, members in their order") {
  CHECK(text_of(nullptr) == "null\n");
  CHECK(text_of(true) == "true\n");
  CHECK(text_of(-7) == "-7\n");
  CHECK(text_of(std::uint64_t{18446744073709551615u}) == "18446744073709551615\n");
  CHECK(text_of(0.1) == "0.1\n");
  CHECK(text_of("a\"b") == "\"a\\\"b\"\n");
  CHECK(text_of(JsonArray{}) == "[]\n");
  CHECK(text_of(JsonObject{}) == "{}\n");
  CHECK(text_of(JsonObject{{"z", 1}, {"a", JsonArray{1, 2}}}) == "{\n  \"z\": 1,\n  \"a\": [1, 2]\n}\n");
}

TEST_CASE("numbers that JSON does not have are strings") {
  CHECK(text_of(std::nan("")) == "\"NaN\"\n");
  CHECK(text_of(std::numeric_limits<double>::infinity()) == "\"Infinity\"\n");
  CHECK(text_of(-std::numeric_limits<double>::infinity()) == "\"-Infinity\"\n");
}

TEST_CASE("the sizes of a run are its letters, absent ones left out") {
  Sizes sizes;
  sizes.batch = 2;
  sizes.key_len = 5;
  CHECK(text_of(JsonArray{json_of(sizes)}) == "[\n  {\"B\": 2, \"Lk\": 5}\n]\n");
}

TEST_CASE("a trace is one object that an independent parser reads back, number for number") {
  Tensor<double> scores = empty<double>({2, 1, 2});
  const double values[] = {1.0 / 3.0, -std::numeric_limits<double>::infinity(), 5e-324, -0.0};
  for (std::size_t i = 0; i < 4; ++i) scores.data()[i] = values[i];
  const Tensor<float> bias = filled<float>({3}, 0.1f);
  const Tensor<double> scalar = filled<double>({}, 2.5);
  const Tensor<double> nothing = empty<double>({2, 0});

  StringOutput output;
  JsonTrace trace(output, {{"tool", "attn-compute"}, {"seed", 0}, {"sizes", JsonObject{{"B", 2}}}});
  trace.add({{"step", "scores_masked"}, {"axes", JsonArray{"B", "Lq", "Lk"}}}, scores);
  trace.add({{"step", "b_q"}}, bias);
  trace.add({}, scalar);
  trace.add({}, nothing);
  trace.finish({{"verdict", "match"}});

  const nlohmann::json parsed = nlohmann::json::parse(output.text());
  CHECK(parsed["tool"] == "attn-compute");
  CHECK(parsed["sizes"]["B"] == 2);
  CHECK(parsed["verdict"] == "match");
  const auto& steps = parsed["steps"];
  REQUIRE(steps.size() == 4);
  CHECK(steps[0]["step"] == "scores_masked");
  CHECK(steps[0]["axes"] == nlohmann::json({"B", "Lq", "Lk"}));
  CHECK(steps[0]["values"][0][0][0].get<double>() == 1.0 / 3.0);
  CHECK(steps[0]["values"][0][0][1] == "-Infinity");
  CHECK(steps[0]["values"][1][0][0].get<double>() == 5e-324);
  CHECK(std::signbit(steps[0]["values"][1][0][1].get<double>()));
  CHECK(steps[1]["values"].dump() == "[0.1,0.1,0.1]");
  CHECK(steps[2]["values"] == 2.5);
  CHECK(steps[3]["values"].dump() == "[[],[]]");
}

TEST_CASE("a trace without steps is still valid") {
  StringOutput output;
  JsonTrace trace(output, {});
  trace.finish();
  CHECK(nlohmann::json::parse(output.text())["steps"].empty());
}

TEST_CASE("blank cells are null, in lists of their shape") {
  StringOutput output;
  JsonTrace trace(output, {});
  Tensor<double> tensor = filled<double>({2, 1}, 0.5);
  trace.add({{"step", "t"}}, tensor, Cells::blank);
  trace.finish();
  const auto values = nlohmann::json::parse(output.text())["steps"][0]["values"];
  CHECK(values.dump() == "[[null],[null]]");
}
