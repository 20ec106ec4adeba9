#include <attn/shapes/tensor_calls.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::shapes;

namespace {

std::vector<CallArgument> numbers(const std::vector<double>& values) {
  std::vector<CallArgument> arguments;
  for (const double value : values) arguments.push_back({"", number_value(value), ""});
  return arguments;
}

Shape after(const Shape& shape, const char* method, const std::vector<double>& arguments = {}) {
  return method_result(tensor_value(shape), method, numbers(arguments)).shape;
}

}  // namespace

TEST_CASE("tensors are made from sizes side by side, in a tuple, or by keyword") {
  CHECK(made_tensor("torch.randn", numbers({5, 3})).shape == Shape{5, 3});
  CHECK(made_tensor("np.zeros", {{"", shape_value({2, 4}), ""}}).shape == Shape{2, 4});
  CHECK(made_tensor("torch.ones", {{"size", shape_value({7}), ""}, {"dtype", Value{}, ""}}).shape == Shape{7});
  CHECK(made_tensor("torch.randn", {{"", Value{}, "n"}}).kind == Value::Kind::unknown);
  CHECK(made_tensor("torch.load", numbers({2})).kind == Value::Kind::unknown);
}

TEST_CASE("axes are exchanged, added, removed and reordered as PyTorch does") {
  CHECK(after({2, 3, 4}, "transpose", {0, 1}) == Shape{3, 2, 4});
  CHECK(after({2, 3, 4}, "transpose", {-1, -2}) == Shape{2, 4, 3});
  CHECK(after({2, 3}, "t") == Shape{3, 2});
  CHECK(after({2, 3}, "unsqueeze", {0}) == Shape{1, 2, 3});
  CHECK(after({2, 3}, "unsqueeze", {-1}) == Shape{2, 3, 1});
  CHECK(after({2, 1, 3}, "squeeze", {1}) == Shape{2, 3});
  CHECK(after({2, 3, 4}, "permute", {2, 0, 1}) == Shape{4, 2, 3});
  CHECK(after({2, 3, 4}, "contiguous") == Shape{2, 3, 4});
}

TEST_CASE("a view keeps the number of elements, and finds one free axis") {
  CHECK(after({2, 3, 4}, "view", {2, 12}) == Shape{2, 12});
  CHECK(after({2, 3, 4}, "reshape", {-1, 4}) == Shape{6, 4});
  CHECK(after({2, 3, 4}, "view", {5, 5}).empty());
  CHECK(after({2, 3, 4}, "view", {-1, 5}).empty());
}

TEST_CASE("what PyTorch refuses, and what is not followed, is not known") {
  CHECK(after({2, 3}, "transpose", {0, 2}).empty());
  CHECK(after({2, 3}, "squeeze", {0}).empty());
  CHECK(after({2, 3}, "permute", {0}).empty());
  CHECK(after({2, 3}, "sort").empty());
}

TEST_CASE("sizes can be asked of a tensor") {
  CHECK(as_shape(method_result(tensor_value({2, 3}), "size", {})) == Shape{2, 3});
  CHECK(method_result(tensor_value({2, 3}), "size", numbers({-1})).number == 3);
  CHECK(method_result(tensor_value({2, 3}), "size", numbers({4})).kind == Value::Kind::unknown);
}

TEST_CASE("a matrix remembers its shape, and the result of a call its exchanges") {
  CHECK(transposed(tensor_value({5, 3}), 0, 1).before == Shape{5, 3});
  CHECK_FALSE(transposed(transposed(tensor_value({5, 3}), 0, 1), 0, 1).before);
  Value result = tensor_value({5, 3, 8});
  result.call = 0;
  CHECK(transposed(result, 0, 1).swaps == std::vector<std::pair<std::size_t, std::size_t>>{{0, 1}});
}

TEST_CASE("a linear map sets the last axis, an embedding adds one") {
  Value map;
  map.kind = Value::Kind::linear;
  map.number = 8;
  CHECK(mapped(map, tensor_value({5, 3})).shape == Shape{5, 8});
  map.kind = Value::Kind::embedding;
  CHECK(mapped(map, tensor_value({5, 3})).shape == Shape{5, 3, 8});
  map.number = 0;  // a width that is not known
  CHECK(mapped(map, tensor_value({5, 3})).kind == Value::Kind::unknown);
}
