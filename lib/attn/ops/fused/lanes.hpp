// Vectors of numbers, one query a lane, written once for every instruction set.
//
// GCC and Clang compile arithmetic on these types to the vector instructions of the file they are in. All of
// it is private to that file: two files compiled for different instruction sets must not share a function, or
// the linker would keep one of them for both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace attn::fused {
namespace {  // NOLINT: private to each file, see above

/// A register of `bytes` bytes: `count` numbers of type T.
template <class T, std::size_t bytes>
struct Lanes {
  using Number = T;
  using Integer = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  static constexpr std::size_t count = bytes / sizeof(T);

  typedef T Vector __attribute__((vector_size(bytes)));
  typedef Integer Bits __attribute__((vector_size(bytes)));

  static Vector load(const T* from) {
    Vector vector;
    std::memcpy(&vector, from, bytes);
    return vector;
  }
  static void store(T* to, const Vector& vector) { std::memcpy(to, &vector, bytes); }
  static Vector all(T number) { return number - Vector{}; }
  /// The larger of two; b where either is NaN, as the instruction does.
  static Vector larger(const Vector& a, const Vector& b) { return a > b ? a : b; }
};

template <class L>
using Number = typename L::Number;
template <class L>
using Vector = typename L::Vector;

}  // namespace
}  // namespace attn::fused
