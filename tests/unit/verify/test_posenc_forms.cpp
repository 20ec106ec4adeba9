#include <attn/verify/posenc_forms.hpp>

#include <doctest/doctest.h>

using namespace attn::posenc;

TEST_CASE("the usual form comes first, and of one column there are a sine and a cosine") {
  CHECK(deviations_of(sinusoidal_forms(8).front(), 8).empty());
  const auto one = sinusoidal_forms(1);
  REQUIRE(one.size() == 2);
  CHECK(deviations_of(one[0], 1).empty());
  CHECK(deviations_of(one[1], 1).front().id == "E12");
}

TEST_CASE("two layouts, two orders, five rules for exponents, and the widths that a table may have") {
  // d and d + 1 for all rules but d - 2, which is about whole pairs: 2 · 2 · (4 · 2 + 1).
  CHECK(sinusoidal_forms(8).size() == 36);
  // d, d + 1 and d - 1, each with and without a column of zeros: 2 · 2 · 5 · 3 · 2.
  CHECK(sinusoidal_forms(9).size() == 120);
}
