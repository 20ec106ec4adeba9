#include <attn/shape.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

using namespace attn;

TEST_CASE("element_count multiplies the sizes and refuses a product that overflows") {
  CHECK(element_count({}) == 1);
  CHECK(element_count({2, 3, 4}) == 24);
  CHECK(element_count({7, 0, 9}) == 0);
  const std::size_t huge = std::numeric_limits<std::size_t>::max();
  CHECK_FALSE(element_count({huge, 2}).has_value());
  // Empty is empty, even when the other sizes alone would overflow.
  CHECK(element_count({huge, huge, 0}) == 0);
}

TEST_CASE("a shape is written as NumPy writes it") {
  CHECK(to_string(Shape{}) == "()");
  CHECK(to_string(Shape{5}) == "(5,)");
  CHECK(to_string(Shape{2, 3, 4}) == "(2, 3, 4)");
}

TEST_CASE("axes are letters, products of letters, or numbers") {
  Sizes sizes;
  sizes.batch = 2;
  sizes.heads = 3;
  sizes.query_len = 5;
  sizes.head_dim = 7;
  CHECK(axis_size("Lq", sizes) == 5);
  CHECK(axis_size("H*D", sizes) == 21);
  CHECK(axis_size("Lq/2", sizes) == 2);  // pairs: half of 5, rounded down
  CHECK(axis_size("1", sizes) == 1);
  CHECK(shape_of_axes("B, H, Lq, 1", sizes) == Shape{2, 3, 5, 1});
  CHECK(split_axes("B, Lq, H*D") == std::vector<std::string>{"B", "Lq", "H*D"});
  CHECK_THROWS_AS(axis_size("L", sizes), std::invalid_argument);
  CHECK_THROWS_AS(axis_size("4x", sizes), std::invalid_argument);
}
