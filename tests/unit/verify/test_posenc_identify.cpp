#include <attn/verify/posenc_identify.hpp>

#include "posenc_testing.hpp"

#include <doctest/doctest.h>

using namespace attn::posenc;

TEST_CASE("the simplest explanation hides those that need more, and they become blind spots") {
  const Deviation a{"A", "a"}, b{"B", "b"}, c{"C", "c"};
  const Identification found = simplest({{{a, b}, 0.5}, {{a}, 0.1}, {{c}, 0.2}, {{b, c}, 0}}, "float64");
  CHECK(posenc_testing::ids(found) == "A | C");
  CHECK(posenc_testing::has_blind_spot(found, "B"));
  CHECK_FALSE(posenc_testing::has_blind_spot(found, "C"));
  CHECK(found.rounding == "float64");
}

TEST_CASE("rounding classes go from tight to loose") {
  for (std::size_t i = 1; i < rounding_classes().size(); ++i) CHECK(rounding_classes()[i].unit > rounding_classes()[i - 1].unit);
  CHECK(simplest({}, "float64").explanations.empty());
}
