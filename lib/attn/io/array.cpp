#include <attn/error.hpp>
#include <attn/io/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "elements are read as little-endian");

namespace attn::io {
namespace {

constexpr std::size_t max_rank = 64;

// Element types that C++17 has no name for.
struct Float16 {
  std::uint16_t bits;
};
struct Bfloat16 {
  std::uint16_t bits;
};

template <class S>
S load(const char* at, ByteOrder order) {
  char raw[sizeof(S)];
  std::memcpy(raw, at, sizeof raw);
  if (order == ByteOrder::big) std::reverse(raw, raw + sizeof raw);
  S value;
  std::memcpy(&value, raw, sizeof value);
  return value;
}

// In elements: how far apart neighbours along each axis are.
Shape column_major_strides(const Shape& shape) {
  Shape strides;
  std::size_t stride = 1;
  for (const std::size_t size : shape) {
    strides.push_back(stride);
    stride *= size;
  }
  return strides;
}

// Calls f(row-major position, value) for every element of an array of S.
template <class S, class F>
void for_each_element(const Array& array, F&& f) {
  const std::size_t count = array.size();
  if (array.layout == Layout::row_major) {
    for (std::size_t i = 0; i < count; ++i) f(i, load<S>(array.bytes.data + i * sizeof(S), array.byte_order));
    return;
  }
  const std::size_t rank = array.shape.size();
  Shape index(rank, 0);
  const Shape stride = column_major_strides(array.shape);
  std::size_t source = 0;
  for (std::size_t i = 0; i < count; ++i) {
    f(i, load<S>(array.bytes.data + source * sizeof(S), array.byte_order));
    for (std::size_t axis = rank; axis-- > 0;) {
      source += stride[axis];
      if (++index[axis] < array.shape[axis]) break;
      source -= stride[axis] * array.shape[axis];
      index[axis] = 0;
    }
  }
}

// Row-major position -> "(1, 2)".
std::string index_text(std::size_t flat, const Shape& shape) {
  Shape index(shape.size(), 0);
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return to_string(index);
}

// float64 has 53 significant bits.
template <class S>
bool float64_holds(S value) {
  const std::uint64_t magnitude =
      value < S{0} ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  return magnitude == 0 || (magnitude >> __builtin_ctzll(magnitude)) < (std::uint64_t{1} << 53);
}

template <class T, class S>
void convert(const Array& array, const std::string& subject, T* out) {
  for_each_element<S>(array, [&](std::size_t i, S value) {
    if constexpr (std::is_same_v<S, Float16>) {
      out[i] = float16_to_float(value.bits);
    } else if constexpr (std::is_same_v<S, Bfloat16>) {
      out[i] = bfloat16_to_float(value.bits);
    } else {
      if constexpr (std::is_same_v<T, double> && std::is_integral_v<S> && sizeof(S) == 8) {
        if (!float64_holds(value)) {
          throw InputError(subject,
                           fmt::format("element {} is {}, an integer that float64 cannot hold exactly",
                                       index_text(i, array.shape), value));
        }
      }
      out[i] = static_cast<T>(value);
    }
  });
}

template <class T>
void convert_any(const Array& array, const std::string& subject, T* out) {
  switch (array.dtype) {
    case DType::float64:
      return convert<T, double>(array, subject, out);
    case DType::float32:
      return convert<T, float>(array, subject, out);
    case DType::float16:
      return convert<T, Float16>(array, subject, out);
    case DType::bfloat16:
      return convert<T, Bfloat16>(array, subject, out);
    case DType::int64:
      return convert<T, std::int64_t>(array, subject, out);
    case DType::int32:
      return convert<T, std::int32_t>(array, subject, out);
    case DType::int16:
      return convert<T, std::int16_t>(array, subject, out);
    case DType::int8:
      return convert<T, std::int8_t>(array, subject, out);
    case DType::uint64:
      return convert<T, std::uint64_t>(array, subject, out);
    case DType::uint32:
      return convert<T, std::uint32_t>(array, subject, out);
    case DType::uint16:
      return convert<T, std::uint16_t>(array, subject, out);
    case DType::uint8:
    case DType::boolean:
      return convert<T, std::uint8_t>(array, subject, out);
  }
}

}  // namespace

Array make_array(std::vector<double> values, Shape shape) {
  return {DType::float64, std::move(shape), make_bytes(std::move(values))};
}

Array make_array(std::vector<std::int64_t> values, Shape shape) {
  return {DType::int64, std::move(shape), make_bytes(std::move(values))};
}

Array make_array(std::vector<std::uint8_t> booleans, Shape shape) {
  return {DType::boolean, std::move(shape), make_bytes(std::move(booleans))};
}

template <class T>
Tensor<T> to_tensor(const Array& array, const std::string& subject, const MemoryLimit& limit) {
  limit.check(subject, array.size(), sizeof(T));
  Tensor<T> tensor = empty<T>(array.shape);
  const bool same_bytes = array.dtype == dtype_of(precision_of<T>()) &&
                          array.byte_order == ByteOrder::little && array.layout == Layout::row_major;
  if (same_bytes) {
    if (array.bytes.size > 0) std::memcpy(tensor.data(), array.bytes.data, array.bytes.size);
  } else {
    convert_any<T>(array, subject, tensor.data());
  }
  return tensor;
}

template Tensor<float> to_tensor(const Array&, const std::string&, const MemoryLimit&);
template Tensor<double> to_tensor(const Array&, const std::string&, const MemoryLimit&);

std::size_t declared_bytes(DType dtype, const Shape& shape, const std::string& subject) {
  if (shape.size() > max_rank) {
    throw InputError(subject, fmt::format("has {} axes; at most {} are read", shape.size(), max_rank));
  }
  const auto count = element_count(shape);
  std::size_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, size_of(dtype), &bytes)) {
    throw InputError(subject, "declares shape " + to_string(shape) + ", more bytes than can be addressed");
  }
  return bytes;
}

void require_booleans(const Array& array, const std::string& subject) {
  if (array.dtype != DType::boolean) return;
  for_each_element<std::uint8_t>(array, [&](std::size_t i, std::uint8_t value) {
    if (value > 1) {
      throw InputError(subject,
                       fmt::format("element {} of a bool array is the byte {}; only 0 and 1 are booleans",
                                   index_text(i, array.shape), value));
    }
  });
}

}  // namespace attn::io
