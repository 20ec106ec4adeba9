#include <attn/error.hpp>
#include <attn/shapes/axes.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::shapes;

TEST_CASE("letters and sizes multiply together") {
  const Axis H{"H", 5}, D{"D", 20};
  CHECK((H * D).symbol == "H·D");
  CHECK((H * D).size == 100);
  CHECK((3 * D).symbol == "3·D");
  CHECK((D + 2).symbol == "D+2");
  CHECK((D + 0).symbol == "D");
  CHECK(symbols({H, D}) == "(H, D)");
  CHECK(symbols({H}) == "(H,)");
  CHECK(elements({H, D}) == 100);
}

TEST_CASE("sizes that multiply beyond 63 bits are a limit, not a wrong number") {
  const Axis large{"L", std::size_t{1} << 40};
  CHECK_THROWS_AS(large * large, LimitError);
  CHECK_THROWS_AS(elements({large, large}), LimitError);
}

TEST_CASE("so are numbers that add up beyond them") {
  const std::size_t half = std::size_t{1} << 62;
  CHECK(sum({}) == 0);
  CHECK(sum({half, half - 1}) == 2 * (half - 1) + 1);
  CHECK_THROWS_AS(sum({half, half}), LimitError);
  CHECK_THROWS_AS(sum({4 * (half - 1), 8}), LimitError);
  CHECK_THROWS_AS((Axis{"L", 2 * half - 1} + 1), LimitError);
}
