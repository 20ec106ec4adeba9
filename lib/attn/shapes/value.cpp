#include <attn/shapes/value.hpp>

#include <cmath>

namespace attn::shapes {

namespace {

constexpr std::size_t most_items = 4096;

std::size_t count_of(const std::vector<Value>& items) {
  std::size_t count = items.size();
  for (const Value& item : items) count += count_of(item.items);
  return count;
}

}  // namespace

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

Value tuple_value(std::vector<Value> items) {
  Value value;
  if (count_of(items) > most_items) return value;
  value.kind = Value::Kind::tuple;
  value.items = std::move(items);
  return value;
}

Value shape_value(const Shape& shape) {
  std::vector<Value> sizes;
  for (const std::size_t size : shape) sizes.push_back(number_value(static_cast<double>(size)));
  return tuple_value(std::move(sizes));
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
