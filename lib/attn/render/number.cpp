#include <attn/render/number.hpp>

#include <charconv>
#include <cmath>
#include <cstring>

namespace attn::render {
namespace {

template <class T>
char* write(char* to, T value, NumberFormat format) {
  if (!std::isfinite(value)) {
    const std::string_view name = non_finite_name(static_cast<double>(value));
    std::memcpy(to, name.data(), name.size());
    return to + name.size();
  }
  if (!format.decimals) return write_shortest(to, value);
  return std::to_chars(to, to + number_room(format), value, std::chars_format::fixed, *format.decimals).ptr;
}

template <class T>
std::string text_of(T value, NumberFormat format) {
  std::string text(number_room(format), '\0');
  text.resize(static_cast<std::size_t>(write(text.data(), value, format) - text.data()));
  return text;
}

}  // namespace

std::string_view non_finite_name(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return {};
}

char* write_number(char* to, double value, NumberFormat format) { return write(to, value, format); }
char* write_number(char* to, float value, NumberFormat format) { return write(to, value, format); }

std::string number_text(double value, NumberFormat format) { return text_of(value, format); }
std::string number_text(float value, NumberFormat format) { return text_of(value, format); }

std::string number_text(const TensorView& tensor, std::size_t flat, NumberFormat format) {
  // Narrowing back is exact: the value was widened from a float.
  return tensor.precision() == Precision::float64 ? text_of(tensor[flat], format)
                                                  : text_of(static_cast<float>(tensor[flat]), format);
}

}  // namespace attn::render
