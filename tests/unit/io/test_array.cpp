#include "io_testing.hpp"

#include <cmath>
#include <limits>

using namespace attn;
using namespace attn::io;

namespace {

template <class T>
Array array_of(DType dtype, std::vector<T> values, Shape shape) {
  return {dtype, std::move(shape), make_bytes(std::move(values))};
}

}  // namespace

TEST_CASE("every element type is widened exactly") {
  using V = std::vector<double>;
  CHECK(values_of(array_of<double>(DType::float64, {0.1, -0.0}, {2})) == V{0.1, 0});
  CHECK(values_of(array_of<float>(DType::float32, {0.1f}, {1})) == V{static_cast<double>(0.1f)});
  CHECK(values_of(array_of<std::uint16_t>(DType::float16, {0x3555}, {1})) == V{1365.0 / 4096});
  CHECK(values_of(array_of<std::uint16_t>(DType::bfloat16, {0x4049}, {1})) == V{3.140625});
  CHECK(values_of(array_of<std::int64_t>(DType::int64, {-(1LL << 62), 7}, {2})) == V{-0x1p62, 7});
  CHECK(values_of(array_of<std::int32_t>(DType::int32, {-2147483647 - 1}, {1})) == V{-2147483648.0});
  CHECK(values_of(array_of<std::int16_t>(DType::int16, {-32768}, {1})) == V{-32768});
  CHECK(values_of(array_of<std::int8_t>(DType::int8, {-128}, {1})) == V{-128});
  CHECK(values_of(array_of<std::uint64_t>(DType::uint64, {1ULL << 63}, {1})) == V{0x1p63});
  CHECK(values_of(array_of<std::uint32_t>(DType::uint32, {4294967295u}, {1})) == V{4294967295.0});
  CHECK(values_of(array_of<std::uint16_t>(DType::uint16, {65535}, {1})) == V{65535});
  CHECK(values_of(array_of<std::uint8_t>(DType::uint8, {255}, {1})) == V{255});
  CHECK(values_of(array_of<std::uint8_t>(DType::boolean, {1, 0}, {2})) == V{1, 0});
}

TEST_CASE("an integer that float64 cannot hold is refused with its index and value") {
  // 2^53 + 1 = 9007199254740993 lies between two float64 numbers.
  const Array array = array_of<std::int64_t>(DType::int64, {0, 1, 2, 3, 4, (1LL << 53) + 1}, {2, 3});
  CHECK(error_of([&] { to_tensor<double>(array, "ids"); }) ==
        "input: ids: element (1, 2) is 9007199254740993, an integer that float64 cannot hold exactly");
  const std::int64_t lowest = std::numeric_limits<std::int64_t>::min();  // -2^63 is a power of two
  CHECK(values_of(array_of<std::int64_t>(DType::int64, {lowest}, {1})) == std::vector<double>{-0x1p63});
  const Array highest = array_of<std::uint64_t>(DType::uint64, {~0ULL}, {});
  CHECK(contains(error_of([&] { to_tensor<double>(highest, "x"); }), "element () is 18446744073709551615"));
}

TEST_CASE("a float tensor rounds once") {
  // 2^24 + 1 is a tie between 2^24 and 2^24 + 2; ties go to the even significand.
  CHECK(to_tensor<float>(array_of<std::int64_t>(DType::int64, {(1 << 24) + 1}, {1}), "x")(0) == 0x1p24f);
  // 2^60 + 2^36 + 1 is above the tie 2^60 + 2^36; rounded to float64 first it would become the tie and go
  // down.
  const std::int64_t above_tie = (1LL << 60) + (1LL << 36) + 1;
  CHECK(to_tensor<float>(array_of<std::int64_t>(DType::int64, {above_tie}, {1}), "x")(0) ==
        0x1p60f + 0x1p37f);
  CHECK(to_tensor<float>(array_of<double>(DType::float64, {0.1}, {1}), "x")(0) == 0.1f);
}

TEST_CASE("byte order and memory order are resolved") {
  // Element [i, j, k] holds 100 i + 10 j + k; column-major means that i runs fastest.
  const Shape shape{2, 3, 2};
  std::string bytes;
  std::vector<double> expected;
  for (int k = 0; k < 2; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) bytes += {static_cast<char>(0), static_cast<char>(100 * i + 10 * j + k)};
    }
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 2; ++k) expected.push_back(100 * i + 10 * j + k);
    }
  }
  const Array array{DType::uint16, shape, make_bytes(bytes), ByteOrder::big, Layout::column_major};
  CHECK(values_of(array) == expected);
}

TEST_CASE("empty arrays and scalars have their shape") {
  const Array nothing = make_array(std::vector<double>{}, {2, 0, 3});
  CHECK(shape_of(to_tensor<double>(nothing, "x")) == Shape{2, 0, 3});
  const Array no_column{DType::float32, {0, 4}, {}, ByteOrder::big, Layout::column_major};
  CHECK(shape_of(to_tensor<float>(no_column, "x")) == Shape{0, 4});
  CHECK(to_tensor<double>(make_array(std::vector<double>{2.5}, {}), "x")() == 2.5);
}

TEST_CASE("a tensor over the memory limit is refused") {
  const Array array = array_of<std::uint8_t>(DType::uint8, {1, 2, 3}, {3});
  CHECK(error_of([&] { to_tensor<double>(array, "x", MemoryLimit(23)); }) ==
        "limit: x: needs 24 bytes of memory, the limit is 23");
  CHECK_NOTHROW(to_tensor<double>(array, "x", MemoryLimit(24)));
}

TEST_CASE("declared sizes are multiplied with care") {
  CHECK(declared_bytes(DType::int16, {2, 3}, "x") == 12);
  CHECK(declared_bytes(DType::float64, {1ULL << 40, 1ULL << 40, 0}, "x") == 0);
  CHECK(error_of([] { declared_bytes(DType::float64, {1ULL << 61}, "x"); }) ==
        "input: x: declares shape (2305843009213693952,), more bytes than can be addressed");
  CHECK(
      contains(error_of([] { declared_bytes(DType::int8, Shape(65, 1), "x"); }), "has 65 axes; at most 64"));
}

TEST_CASE("a boolean that is neither 0 nor 1 is refused") {
  const Array array = array_of<std::uint8_t>(DType::boolean, {1, 0, 2, 1}, {2, 2});
  CHECK(error_of([&] { require_booleans(array, "mask"); }) ==
        "input: mask: element (1, 0) of a bool array is the byte 2; only 0 and 1 are booleans");
  CHECK_NOTHROW(require_booleans(array_of<std::uint8_t>(DType::uint8, {2}, {1}), "x"));
}
