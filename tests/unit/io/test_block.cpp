#include <attn/io/block.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace attn;
using namespace attn::io;

TEST_CASE("a tensor and an array give the same block") {
  const Tensor<double> tensor = filled<double>({2, 1}, 3.0);
  const std::vector<NamedArray> arrays = {{"a", make_array(std::vector<double>{3, 3}, {2, 1})}};
  const Block from_tensor = blocks_of(std::vector<NamedView>{{"a", tensor}}).front(), from_array = blocks_of(arrays).front();
  CHECK(from_tensor.name == from_array.name);
  CHECK(from_tensor.dtype == DType::float64);
  CHECK(from_array.dtype == DType::float64);
  CHECK(from_tensor.shape == from_array.shape);
  CHECK(from_tensor.data == from_array.data);
}

TEST_CASE("booleans keep their type and take one byte each") {
  const std::vector<NamedArray> arrays = {{"m", make_array(std::vector<std::uint8_t>{1, 0, 1}, {3})}};
  const Block block = blocks_of(arrays).front();
  CHECK(block.dtype == DType::boolean);
  CHECK(block.data == std::string_view("\x01\x00\x01", 3));
}

TEST_CASE("an array in another order is not written as it is") {
  std::vector<NamedArray> arrays = {{"a", make_array(std::vector<double>{1, 2}, {2})}};
  arrays[0].array.byte_order = ByteOrder::big;
  CHECK_THROWS_AS(blocks_of(arrays), std::invalid_argument);
  arrays[0].array.byte_order = ByteOrder::little;
  arrays[0].array.layout = Layout::column_major;
  CHECK_THROWS_AS(blocks_of(arrays), std::invalid_argument);
}
