#include <attn/shapes/value.hpp>

#include <cmath>

namespace attn::shapes {

Value number_value(double number) {
  Value value;
  value.kind = Value::Kind::number;
  value.number = number;
  return value;
}

Value tensor_value(Shape shape) {
  Value value;
  value.kind = Value::Kind::tensor;
  value.shape = std::move(shape);
  return value;
}

Value shape_value(const Shape& shape) {
  Value value;
  value.kind = Value::Kind::tuple;
  for (const std::size_t size : shape) value.items.push_back(number_value(static_cast<double>(size)));
  return value;
}

std::optional<std::size_t> as_size(const Value& value) {
  const bool whole = value.kind == Value::Kind::number && value.number >= 0 && value.number == std::floor(value.number) &&
                     value.number <= static_cast<double>(largest_size);
  if (!whole) return std::nullopt;
  return static_cast<std::size_t>(value.number);
}

std::optional<Shape> as_shape(const Value& tuple) {
  if (tuple.kind != Value::Kind::tuple) return std::nullopt;
  Shape shape;
  for (const Value& item : tuple.items) {
    const auto size = as_size(item);
    if (!size) return std::nullopt;
    shape.push_back(*size);
  }
  return shape;
}

Value arithmetic(const std::string& symbol, double a, double b) {
  if (symbol == "+") return number_value(a + b);
  if (symbol == "-") return number_value(a - b);
  if (symbol == "*") return number_value(a * b);
  if (symbol == "**") return number_value(std::pow(a, b));
  if (b == 0) return {};
  if (symbol == "/") return number_value(a / b);
  if (symbol == "//") return number_value(std::floor(a / b));
  if (symbol == "%") return number_value(a - b * std::floor(a / b));
  return {};
}

}  // namespace attn::shapes
