// What a name of a pasted program stands for while the program is followed.
#pragma once

#include <attn/shape.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace attn::shapes {

constexpr std::size_t no_module = static_cast<std::size_t>(-1);

/// The largest size that is believed; anything beyond is a slip of the hand, not a tensor.
constexpr std::size_t largest_size = std::size_t{1} << 28;

struct Value {
  enum class Kind { unknown, number, tensor, module, linear, embedding, tuple };
  Kind kind = Kind::unknown;
  double number = 0;                  ///< of a linear map or an embedding: the width of what it returns
  Shape shape{};                      ///< of a tensor
  std::optional<Shape> before{};      ///< a matrix's shape before it was transposed
  std::size_t call = no_module;       ///< the call a tensor came out of, or the module itself
  std::vector<std::pair<std::size_t, std::size_t>> swaps{};  ///< of axes since that call, in order
  std::vector<Value> items{};         ///< of a tuple or list
};

/// An argument of a call, evaluated.
struct CallArgument {
  std::string keyword;  ///< empty: positional
  Value value;
  std::string source;   ///< as it was written
  bool unpacked = false;  ///< *args or **config, which stands for arguments that are not known
};

Value number_value(double number);
Value tensor_value(Shape shape);
/// A tuple or list. Not known with more than 4096 items, those of its items included: (x, x) of itself again and again
/// doubles with every statement.
Value tuple_value(std::vector<Value> items);
/// The tuple of numbers that x.shape is.
Value shape_value(const Shape& shape);

/// A whole number from 0 to largest_size.
std::optional<std::size_t> as_size(const Value& value);

/// The sizes of a tuple or list; empty if one of them is not known.
std::optional<Shape> as_shape(const Value& tuple);

/// a symbol b for the operators of arithmetic; unknown where it has no value.
Value arithmetic(const std::string& symbol, double a, double b);

}  // namespace attn::shapes
