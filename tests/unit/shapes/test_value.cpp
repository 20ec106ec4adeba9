#include <attn/shapes/value.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::shapes;

TEST_CASE("a size is a whole number from 0 to the largest that is believed") {
  CHECK(as_size(number_value(7)) == 7);
  CHECK(as_size(number_value(0)) == 0);
  for (const double odd : {-1.0, 2.5, 1e300}) CHECK_FALSE(as_size(number_value(odd)));
  CHECK_FALSE(as_size(tensor_value({2})));
  CHECK_FALSE(as_size(Value{}));
}

TEST_CASE("a tuple of sizes is a shape, and a shape a tuple of sizes") {
  CHECK(as_shape(shape_value({2, 3})) == Shape{2, 3});
  Value odd = shape_value({2, 3});
  odd.items[1] = Value{};
  CHECK_FALSE(as_shape(odd));
  CHECK_FALSE(as_shape(number_value(2)));
}

TEST_CASE("arithmetic as Python has it") {
  CHECK(arithmetic("+", 2, 3).number == 5);
  CHECK(arithmetic("-", 2, 3).number == -1);
  CHECK(arithmetic("*", 2, 3).number == 6);
  CHECK(arithmetic("**", 2, 3).number == 8);
  CHECK(arithmetic("/", 3, 2).number == 1.5);
  CHECK(arithmetic("//", -3, 2).number == -2);  // towards minus infinity
  CHECK(arithmetic("%", -3, 2).number == 1);    // the sign of the divisor
  CHECK(arithmetic("/", 1, 0).kind == Value::Kind::unknown);
  CHECK(arithmetic("@", 1, 2).kind == Value::Kind::unknown);
}

TEST_CASE("a tuple that doubles again and again ends as one that is not known") {
  Value pair = tuple_value({number_value(1), number_value(2)});
  CHECK(as_shape(pair) == attn::Shape{1, 2});
  // 2, 6, 14, … items: 4094 after ten times.
  for (int i = 0; i < 10; ++i) pair = tuple_value({pair, pair});
  CHECK(pair.items.size() == 2);
  CHECK(tuple_value({pair, pair}).kind == Value::Kind::unknown);
  CHECK(tuple_value(std::vector<Value>(4096)).kind == Value::Kind::tuple);
  CHECK(tuple_value(std::vector<Value>(4097)).kind == Value::Kind::unknown);
}
