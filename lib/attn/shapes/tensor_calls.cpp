#include <attn/shapes/one_of.hpp>
#include <attn/shapes/spoken.hpp>
#include <attn/shapes/tensor_calls.hpp>

#include <algorithm>
#include <cmath>

namespace attn::shapes {
namespace {

using Arguments = std::vector<CallArgument>;

constexpr std::size_t no_axis = static_cast<std::size_t>(-1);
constexpr double most_axes = 16;

/// f(2, 3) and f((2, 3)) mean the same.
std::vector<Value> spread(const Arguments& arguments) {
  if (arguments.size() == 1 && arguments[0].value.kind == Value::Kind::tuple) return arguments[0].value.items;
  std::vector<Value> values;
  for (const CallArgument& argument : arguments) values.push_back(argument.value);
  return values;
}

/// The axis that a value names, counted from the end when negative.
std::size_t axis_of(const Value& value, std::size_t rank) {
  if (value.kind != Value::Kind::number || std::abs(value.number) > most_axes) return no_axis;
  const double axis = value.number < 0 ? value.number + static_cast<double>(rank) : value.number;
  return axis < 0 ? no_axis : static_cast<std::size_t>(axis);
}

std::size_t axis_argument(const Arguments& arguments, std::size_t index, std::size_t rank) {
  return index < arguments.size() ? axis_of(arguments[index].value, rank) : no_axis;
}

Value permuted(const Value& tensor, const Arguments& arguments) {
  const std::vector<Value> axes = spread(arguments);
  if (axes.size() != tensor.shape.size()) return {};
  Shape shape;
  for (const Value& value : axes) {
    const std::size_t axis = axis_of(value, tensor.shape.size());
    if (axis >= tensor.shape.size()) return {};
    shape.push_back(tensor.shape[axis]);
  }
  return tensor_value(shape);
}

Value reshaped_as(const Value& tensor, const Arguments& arguments) {
  Shape shape;
  std::size_t known = 1, free_axis = no_axis;
  for (const Value& value : spread(arguments)) {
    if (value.kind == Value::Kind::number && value.number == -1 && free_axis == no_axis) {
      free_axis = shape.size();
      shape.push_back(0);
      continue;
    }
    const auto size = as_size(value);
    if (!size || __builtin_mul_overflow(known, *size, &known)) return {};
    shape.push_back(*size);
  }
  const auto count = element_count(tensor.shape);
  if (free_axis != no_axis && count && known > 0 && *count % known == 0) shape[free_axis] = *count / known;
  return count && element_count(shape) == count ? tensor_value(shape) : Value{};
}

Value unsqueezed(const Value& tensor, std::size_t axis) {
  if (axis > tensor.shape.size()) return {};
  Shape shape = tensor.shape;
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
  return tensor_value(shape);
}

Value squeezed(const Value& tensor, std::size_t axis) {
  if (axis >= tensor.shape.size() || tensor.shape[axis] != 1) return {};
  Shape shape = tensor.shape;
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  return tensor_value(shape);
}

}  // namespace

Value made_tensor(std::string_view dotted_name, const Arguments& arguments) {
  const std::string_view name = last_part(dotted_name);
  if (!is_one_of(name, {"randn", "rand", "ones", "zeros", "empty", "full", "normal", "uniform", "random"})) return {};
  Shape shape;
  for (const CallArgument& argument : arguments) {
    if (!argument.keyword.empty() && !is_one_of(argument.keyword, {"size", "shape"})) continue;
    if (argument.value.kind == Value::Kind::tuple) {
      const auto sizes = as_shape(argument.value);
      return sizes && !sizes->empty() ? tensor_value(*sizes) : Value{};
    }
    const auto size = as_size(argument.value);
    if (!size) return {};
    shape.push_back(*size);
  }
  return shape.empty() ? Value{} : tensor_value(shape);
}

Value method_result(const Value& tensor, std::string_view method, const Arguments& arguments) {
  const std::size_t rank = tensor.shape.size();
  if (is_one_of(method, {"transpose", "swapaxes", "swapdims"})) {
    return transposed(tensor, axis_argument(arguments, 0, rank), axis_argument(arguments, 1, rank));
  }
  if (method == "t") return transposed(tensor, 0, 1);
  if (method == "unsqueeze") return unsqueezed(tensor, axis_argument(arguments, 0, rank + 1));
  if (method == "squeeze") return squeezed(tensor, axis_argument(arguments, 0, rank));
  if (method == "permute") return permuted(tensor, arguments);
  if (is_one_of(method, {"view", "reshape"})) return reshaped_as(tensor, arguments);
  if (method == "size" && arguments.empty()) return shape_value(tensor.shape);
  if (method == "size") {
    const std::size_t axis = axis_argument(arguments, 0, rank);
    return axis < rank ? number_value(static_cast<double>(tensor.shape[axis])) : Value{};
  }
  const bool same = is_one_of(method, {"contiguous", "float", "double", "half", "bfloat16", "to", "cuda", "cpu", "clone", "detach", "requires_grad_"});
  return same ? tensor : Value{};
}

Value transposed(Value tensor, std::size_t a, std::size_t b) {
  if (tensor.kind != Value::Kind::tensor || a >= tensor.shape.size() || b >= tensor.shape.size()) return {};
  if (tensor.shape.size() == 2) tensor.before = tensor.before ? std::nullopt : std::optional<Shape>(tensor.shape);
  std::swap(tensor.shape[a], tensor.shape[b]);
  if (tensor.call != no_module) tensor.swaps.emplace_back(a, b);
  return tensor;
}

Value mapped(const Value& map, const Value& tensor) {
  const auto width = as_size(number_value(map.number));
  if (tensor.kind != Value::Kind::tensor || tensor.shape.empty() || !width || *width == 0) return {};
  Shape shape = tensor.shape;
  if (map.kind == Value::Kind::embedding) shape.push_back(*width);
  else shape.back() = *width;
  return tensor_value(shape);
}

}  // namespace attn::shapes
