#include <attn/lessons/lesson.hpp>
#include <attn/shapes/error_rules.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <set>

using namespace attn;
using namespace attn::shapes;

TEST_CASE("a pattern takes numbers, lists, names and whatever lies between") {
  const auto values = match_pattern("size {a} … got {b} for '{c}'", "RuntimeError: size [2, 4] in the way; GOT 7 for 'x_y'");
  REQUIRE(values);
  CHECK(values->at("a") == "[2, 4]");
  CHECK(values->at("b") == "7");
  CHECK(values->at("c") == "x_y");
  CHECK_FALSE(match_pattern("size {a}", "size"));
  CHECK_FALSE(match_pattern("abc", ""));
}

TEST_CASE("every recorded message is explained by its rule, and texts that are none by no rule") {
  std::size_t count = 0;
  for (const char* name : {"pytorch.tsv", "threads.tsv"}) {
    std::ifstream file(std::string(ATTNSCOPE_REFERENCE_DIR) + "/errors/" + name);
    for (std::string line; std::getline(file, line); ++count) {
      CAPTURE(line);
      const auto match = explain_error(line.substr(line.rfind('\t') + 1));
      REQUIRE(match);
      CHECK(match->rule->id == line.substr(0, line.find('\t')));
    }
  }
  CHECK(count >= 40);
  CHECK_FALSE(explain_error("ValueError: the moon is full"));
  CHECK_FALSE(explain_error(""));
}

TEST_CASE("every rule has an explanation and a repair in both languages") {
  for (const auto language : {lessons::Language::en, lessons::Language::zh}) {
    for (const ErrorRule& rule : error_rules()) {
      CAPTURE(rule.id);
      CHECK(lessons::shape_lesson(language).note("shapes.why." + std::string(rule.id)).has_value());
      CHECK(lessons::shape_lesson(language).note("shapes.fix." + std::string(rule.id)).has_value());
    }
  }
}
