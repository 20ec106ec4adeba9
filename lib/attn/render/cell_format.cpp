#include <attn/render/cell_format.hpp>

#include <attn/render/number.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace attn::render {
namespace {

constexpr double large = 1e5;

template <class T>
std::string digits(T value, std::chars_format notation, int decimals) {
  char buffer[400];
  const std::to_chars_result result =
      std::to_chars(buffer, buffer + sizeof buffer, value, notation, decimals);
  return {buffer, result.ptr};
}

/// Shortest scientific digits of the value in its own precision, exponent without plus and zeros: "-1e9".
std::string short_scientific(double value, Precision precision) {
  char buffer[64];
  char* const limit = buffer + sizeof buffer;
  char* const end =
      precision == Precision::float64
          ? std::to_chars(buffer, limit, value, std::chars_format::scientific).ptr
          : std::to_chars(buffer, limit, static_cast<float>(value), std::chars_format::scientific).ptr;
  std::string text(buffer, end);
  const std::size_t exponent = text.find('e') + 1;
  const std::size_t sign = text[exponent] == '-' ? 1 : 0;
  std::size_t first_digit = exponent + 1;
  while (first_digit + 1 < text.size() && text[first_digit] == '0') ++first_digit;
  return text.substr(0, exponent + sign) + text.substr(first_digit);
}

/// Everything that is written as a symbol rather than as a measured number; empty for the others.
std::string symbol_of(double value, Precision precision) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (!is_fill_value(value, precision)) return {};
  const std::string text = short_scientific(value, precision);
  return text.size() <= 8 ? text : digits(value, std::chars_format::scientific, 1);
}

}  // namespace

bool is_fill_value(double value, Precision precision) {
  if (!(std::abs(value) >= large) || std::isinf(value)) return false;
  const double lowest = precision == Precision::float64
                            ? std::numeric_limits<double>::max()
                            : static_cast<double>(std::numeric_limits<float>::max());
  if (std::abs(value) == lowest) return true;
  const std::string text = short_scientific(value, precision);
  const std::size_t significant = text.find('e') - (value < 0 ? 1 : 0);
  return significant <= 3;  // "1" or "1.5"
}

void CellRange::see(double value, Precision precision) {
  const bool ordinary = std::abs(value) < large;
  const std::string symbol = ordinary ? std::string() : symbol_of(value, precision);
  if (!symbol.empty()) {
    widest_symbol = std::max(widest_symbol, symbol.size());
    return;
  }
  if (value != std::floor(value) || std::abs(value) >= 1e7) whole = false;
  if (value < 0) any_negative = true;
  largest = std::max(largest, std::abs(value));
}

CellFormat::CellFormat(const CellRange& range, int decimals)
    : decimals_(decimals), largest_(range.largest), notation_(Notation::fixed) {
  // Below, fixed notation would leave fewer than two significant digits of even the largest number. Who
  // asks for one or two decimals does not mind.
  const bool too_small = decimals > 0 && largest_ < std::min(std::pow(10.0, 1 - decimals), 0.01);
  if (range.whole) {
    notation_ = Notation::integer;
  } else if (largest_ >= large || too_small) {
    notation_ = Notation::scientific;
  }

  std::size_t units = 1;
  if (notation_ != Notation::integer && decimals > 0) after_units_ = static_cast<std::size_t>(decimals) + 1;
  if (notation_ == Notation::scientific) {
    after_units_ += largest_ >= 1e100 ? 5 : 4;
  } else {
    // As many digits before the point as the largest number has once it is rounded.
    const std::string rounded =
        digits(largest_, std::chars_format::fixed, notation_ == Notation::integer ? 0 : decimals);
    units = std::min(rounded.find('.'), rounded.size());
  }
  width_ = std::max(range.widest_symbol, (range.any_negative ? 1 : 0) + units + after_units_);
}

std::string CellFormat::text(double value, Precision precision) const {
  const std::string symbol = symbol_of(value, precision);
  if (!symbol.empty()) return symbol;
  if (value == 0) return "0";
  switch (notation()) {
    case Notation::integer:
      return digits(value, std::chars_format::fixed, 0);
    case Notation::fixed:
      return digits(value, std::chars_format::fixed, decimals_);
    case Notation::scientific:
      return digits(value, std::chars_format::scientific, decimals_);
  }
  return {};
}

std::string CellFormat::aligned(double value, Precision precision) const {
  std::string cell = text(value, precision);
  if (value == 0) cell.append(after_units_, ' ');
  if (cell.size() < width_) cell.insert(0, width_ - cell.size(), ' ');
  return cell;
}

std::string CellFormat::aligned_mark(std::string_view mark) const {
  return std::string(width_ - 1 - after_units_, ' ') + std::string(mark) + std::string(after_units_, ' ');
}

}  // namespace attn::render
