// An array exactly as a file holds it, and its one conversion into a tensor.
#pragma once

#include <attn/dtype.hpp>
#include <attn/io/bytes.hpp>
#include <attn/io/memory_limit.hpp>
#include <attn/shape.hpp>
#include <attn/tensor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace attn::io {

enum class ByteOrder { little, big };
enum class Layout { row_major, column_major };

/// Any element type, byte order and memory order. Readers guarantee that `bytes.size` is the element
/// count times the element size, and that booleans are 0 or 1.
struct Array {
  DType dtype = DType::float64;
  Shape shape;
  Bytes bytes;
  ByteOrder byte_order = ByteOrder::little;
  Layout layout = Layout::row_major;

  std::size_t size() const { return bytes.size / size_of(dtype); }
};

struct NamedArray {
  std::string name;  ///< empty when the file holds one array without a name
  Array array;
  std::vector<std::size_t> unfilled{};  ///< EmptyCells::allowed: row-major positions of empty cells; NaN there
};

/// Whether a file may leave cells open: a worksheet, with an empty cell in CSV or null in JSON. Every other
/// file with such a cell is refused.
enum class EmptyCells { refused, allowed };

/// Row-major values computed here, as an array of their own type.
Array make_array(std::vector<double> values, Shape shape);
Array make_array(std::vector<std::int64_t> values, Shape shape);
Array make_array(std::vector<std::uint8_t> booleans, Shape shape);

/// The array as a row-major tensor of float or double; booleans become 0 and 1.
/// For double every value is exact: an integer that float64 cannot hold is refused (InputError naming
/// its index and value). For float every value is rounded once.
/// Throws LimitError when the tensor would not fit the limit.
template <class T>
Tensor<T> to_tensor(const Array& array, const std::string& subject, const MemoryLimit& limit = {});

/// The bytes that `shape` elements of `dtype` take. Throws InputError when that number overflows, or
/// when there are more than 64 axes.
std::size_t declared_bytes(DType dtype, const Shape& shape, const std::string& subject);

/// Throws InputError, naming the element, for a boolean that is neither 0 nor 1. Does nothing for
/// other types.
void require_booleans(const Array& array, const std::string& subject);

}  // namespace attn::io
