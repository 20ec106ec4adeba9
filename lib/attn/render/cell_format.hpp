// How the numbers of one panel are written for people: all in the same notation, aligned on the point.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace attn::render {

/// What the numbers of a panel have in common; gathered in one pass, in any order.
struct CellRange {
  bool whole = true;              ///< every ordinary number is an integer
  double largest = 0;             ///< greatest magnitude of an ordinary number
  bool any_negative = false;      ///< among the ordinary numbers
  std::size_t widest_symbol = 1;  ///< of the infinities, NaN and fill values

  void see(double value, Precision precision);
};

/// Chosen from the range:
///   integer      every finite number is whole:                     3     -1    -inf
///   fixed        the usual case, `decimals` digits after the point; an exact zero is a bare "0", so
///                that a masked weight and a small one (0.0000) look different
///   scientific   some number is too large (from 10⁵), or even the largest too small, for fixed notation
/// Numbers of at least 10⁵ with at most two digits, such as −1e9 and −1e20, are fill values: they are
/// written like that and do not make the others scientific. Infinities are "inf" and "-inf", NaN "nan".
class CellFormat {
 public:
  enum class Notation { integer, fixed, scientific };

  /// decimals: digits after the point, 0 … 60.
  CellFormat(const CellRange& range, int decimals);

  Notation notation() const { return notation_; }
  /// Characters of the widest cell.
  std::size_t width() const { return width_; }
  double largest() const { return largest_; }

  /// The number as it is, without padding.
  std::string text(double value, Precision precision) const;
  /// The number padded to width(), its point under the others' points.
  std::string aligned(double value, Precision precision) const;
  /// A mark (such as "⋮", one column wide) padded to width(), under the units.
  std::string aligned_mark(std::string_view mark) const;

 private:
  int decimals_;
  double largest_;
  Notation notation_;
  std::size_t after_units_ = 0;  ///< characters after the units: point, decimals, exponent
  std::size_t width_ = 1;
};

/// −1e9, −1e20: at least 10⁵ and at most two significant digits, or the lowest finite number.
bool is_fill_value(double value, Precision precision);

}  // namespace attn::render
