// Numbers as files spell them: independent of locale, and by default with the fewest digits that read
// back to the same float or double.
#pragma once

#include <attn/render/shortest.hpp>
#include <attn/tensor.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace attn::render {

struct NumberFormat {
  std::optional<int> decimals{};  ///< digits after the point, 0 … 60; empty: the shortest that reads back
};

/// Whether numbers are written, or their places left open for somebody to fill in (a worksheet).
enum class Cells { filled, blank };

/// "NaN", "Infinity" or "-Infinity"; empty for a finite value.
std::string_view non_finite_name(double value);

/// Bytes that write_number may need.
constexpr std::size_t number_room(NumberFormat format) {
  return shortest_room + static_cast<std::size_t>(format.decimals.value_or(0));
}

/// Bytes that a number and its separator take at most, unless it is large: to foresee the size of a text.
constexpr std::size_t usual_size(NumberFormat format) {
  constexpr int digits_of_double = 17, around_them = 7;  // "-0.000", and the separator
  return static_cast<std::size_t>(format.decimals.value_or(digits_of_double) + around_them);
}

/// Writes the number to `to`, which has number_room(format) bytes, and returns the end. A float is
/// written with a float's digits: 0.1f is "0.1", not "0.10000000149011612". Not finite: the names above.
char* write_number(char* to, double value, NumberFormat format);
char* write_number(char* to, float value, NumberFormat format);

/// The same as a string.
std::string number_text(double value, NumberFormat format = {});
std::string number_text(float value, NumberFormat format = {});

/// Element `flat` of a tensor of either precision, with the digits of that precision.
std::string number_text(const TensorView& tensor, std::size_t flat, NumberFormat format = {});

}  // namespace attn::render
