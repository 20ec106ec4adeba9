#include <attn/shapes/quiz.hpp>

#include <doctest/doctest.h>

using namespace attn::shapes;

TEST_CASE("a seed fixes the exercises, and the answer is the size under the blank") {
  const auto first = make_quiz(7, 20), again = make_quiz(7, 20);
  REQUIRE(first.size() == 20);
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(with_blank(first[i]) == with_blank(again[i]));
    CHECK(first[i].answer == first[i].row.axes[first[i].blank].size);
    CHECK(with_blank(first[i]).find("____") != std::string::npos);
  }
}
