#include <attn/render/json.hpp>

#include <attn/render/escape.hpp>
#include <attn/render/number.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace attn::render {
namespace {

bool is_plain(const Json& json) {
  return !std::holds_alternative<JsonArray>(json.value) && !std::holds_alternative<JsonObject>(json.value);
}

template <class T>
void write_json_number(Buffer& buffer, T number) {
  const std::string_view name = non_finite_name(static_cast<double>(number));
  if (!name.empty()) return buffer.append("\"" + std::string(name) + "\"");
  // Readers take "-0" for an integer, which has no negative zero.
  if (number == 0 && std::signbit(number)) return buffer.append("-0.0");
  buffer.commit(write_number(buffer.reserve(number_room({})), number, {}));
}

void new_line(Buffer& buffer, std::size_t depth) { buffer.append("\n" + std::string(2 * depth, ' ')); }

void write_value(Buffer& buffer, const Json& json, std::size_t depth);

void write_member(Buffer& buffer, const std::string& key, const Json& json, std::size_t depth) {
  buffer.append(json_string(key) + ": ");
  write_value(buffer, json, depth);
}

void write_array(Buffer& buffer, const JsonArray& array, std::size_t depth) {
  const bool one_line = std::all_of(array.begin(), array.end(), is_plain);
  buffer.append('[');
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) buffer.append(one_line ? ", " : ",");
    if (!one_line) new_line(buffer, depth + 1);
    write_value(buffer, array[i], depth + 1);
  }
  if (!one_line) new_line(buffer, depth);
  buffer.append(']');
}

void write_object(Buffer& buffer, const JsonObject& object, std::size_t depth) {
  const bool one_line =
      std::all_of(object.begin(), object.end(), [](const auto& member) { return is_plain(member.second); }) &&
      depth > 0;
  buffer.append('{');
  for (std::size_t i = 0; i < object.size(); ++i) {
    if (i > 0) buffer.append(one_line ? ", " : ",");
    if (!one_line) new_line(buffer, depth + 1);
    write_member(buffer, object[i].first, object[i].second, depth + 1);
  }
  if (!one_line && !object.empty()) new_line(buffer, depth);
  buffer.append('}');
}

void write_value(Buffer& buffer, const Json& json, std::size_t depth) {
  std::visit(
      [&](const auto& value) {
        using V = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<V, std::nullptr_t>) {
          buffer.append("null");
        } else if constexpr (std::is_same_v<V, bool>) {
          buffer.append(value ? "true" : "false");
        } else if constexpr (std::is_same_v<V, double>) {
          write_json_number(buffer, value);
        } else if constexpr (std::is_same_v<V, std::string>) {
          buffer.append(json_string(value));
        } else if constexpr (std::is_same_v<V, JsonArray>) {
          write_array(buffer, value, depth);
        } else if constexpr (std::is_same_v<V, JsonObject>) {
          write_object(buffer, value, depth);
        } else {
          buffer.append(std::to_string(value));
        }
      },
      json.value);
}

/// Nested brackets around a row-major tensor; every row of the last axis is one line.
template <class T>
class NestedWriter {
 public:
  NestedWriter(Buffer& buffer, const Shape& shape, const UnalignedNumber<T>* values, Cells cells)
      : buffer_(buffer), shape_(shape), next_(values), cells_(cells) {}

  void write(std::size_t axis, std::size_t depth) {
    if (axis == shape_.size()) return cells_ == Cells::blank ? buffer_.append("null") : write_json_number(buffer_, *next_++);
    const bool last = axis + 1 == shape_.size();
    buffer_.append('[');
    for (std::size_t i = 0; i < shape_[axis]; ++i) {
      if (i > 0) buffer_.append(last ? ", " : ",");
      if (!last) new_line(buffer_, depth + 1);
      write(axis + 1, depth + 1);
    }
    if (!last && shape_[axis] > 0) new_line(buffer_, depth);
    buffer_.append(']');
  }

 private:
  Buffer& buffer_;
  const Shape& shape_;
  const UnalignedNumber<T>* next_;
  Cells cells_;
};

void write_nested(Buffer& buffer, const TensorView& tensor, Cells cells, std::size_t depth) {
  tensor.with_numbers([&](const auto* numbers) { NestedWriter(buffer, tensor.shape(), numbers, cells).write(0, depth); });
}

}  // namespace

Json json_of(const Shape& shape) {
  JsonArray array;
  for (const std::size_t size : shape) array.emplace_back(std::uint64_t{size});
  return array;
}

Json json_of(const Sizes& sizes) {
  JsonObject object;
  for (const Letter& letter : letters()) {
    const std::size_t size = sizes.*letter.size;
    if (size > 0) object.emplace_back(std::string(letter.name), std::uint64_t{size});
  }
  return object;
}

void write_json(Output& output, const Json& json) {
  Buffer buffer(output);
  write_value(buffer, json, 0);
  buffer.append('\n');
  buffer.flush();
}

JsonTrace::JsonTrace(Output& output, const JsonObject& header) : buffer_(output) {
  buffer_.append('{');
  for (const auto& [key, value] : header) {
    new_line(buffer_, 1);
    write_member(buffer_, key, value, 1);
    buffer_.append(',');
  }
  new_line(buffer_, 1);
  buffer_.append("\"steps\": [");
}

void JsonTrace::add(const JsonObject& members, const TensorView& values, Cells cells) {
  if (any_step_) buffer_.append(',');
  any_step_ = true;
  new_line(buffer_, 2);
  buffer_.append('{');
  for (const auto& [key, value] : members) {
    new_line(buffer_, 3);
    write_member(buffer_, key, value, 3);
    buffer_.append(',');
  }
  new_line(buffer_, 3);
  buffer_.append("\"values\": ");
  write_nested(buffer_, values, cells, 3);
  new_line(buffer_, 2);
  buffer_.append('}');
}

void JsonTrace::finish(const JsonObject& footer) {
  if (any_step_) new_line(buffer_, 1);
  buffer_.append(']');
  for (const auto& [key, value] : footer) {
    buffer_.append(',');
    new_line(buffer_, 1);
    write_member(buffer_, key, value, 1);
  }
  buffer_.append("\n}\n");
  buffer_.flush();
}

}  // namespace attn::render
