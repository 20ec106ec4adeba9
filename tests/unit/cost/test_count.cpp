#include <attn/cost/count.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

using namespace attn::cost;

TEST_CASE("counts go beyond 64 bits and are never wrapped") {
  // 10³⁰ = (10¹⁵)², which needs 100 bits.
  const Count million_billion = 1000000000000000;
  CHECK(to_string(multiply(million_billion, million_billion)) == "1000000000000000000000000000000");
  CHECK_THROWS_WITH_AS(power(10, 39), "count: a product does not fit 128 bits (1.7e38); choose smaller sizes", attn::LimitError);
  CHECK(to_string(power(10, 38)) == "1" + std::string(38, '0'));
  const Count largest = add(multiply(power(2, 126), 1), power(2, 126) - 1);  // 2¹²⁷ − 1
  CHECK(to_string(largest) == "170141183460469231731687303715884105727");
  CHECK_THROWS_AS(add(largest, 1), attn::LimitError);
  CHECK(to_string(-largest - 1) == "-170141183460469231731687303715884105728");
}

TEST_CASE("digits are grouped by threes from five digits on") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(9999) == "9999");
  CHECK(grouped(12345) == "12 345");
  CHECK(grouped(123456789) == "123 456 789");
  CHECK(grouped(-1234567) == "-1 234 567");
}

TEST_CASE("quotients and logarithms are rounded up") {
  CHECK(ceil_divide(9, 3) == 3);
  CHECK(ceil_divide(10, 3) == 4);
  CHECK(ceil_divide(0, 3) == 0);
  CHECK(ceil_log(3, 1) == 0);
  CHECK(ceil_log(3, 9) == 2);   // 3² = 9
  CHECK(ceil_log(3, 10) == 3);  // 3² < 10 ≤ 3³
}
