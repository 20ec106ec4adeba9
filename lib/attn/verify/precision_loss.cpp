#include <attn/verify/in_format.hpp>
#include <attn/verify/precision_loss.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace attn {
namespace {

// Fill values such as -1e6 say nothing about rounding, and drown what does.
Tensor<double> without_fills(Tensor<double> tensor) {
  for (double& value : tensor.storage()) {
    if (std::abs(value) >= 1e5) value = 0;
  }
  return tensor;
}

// Sums over the cells that differ by more than float32 rounding explains.
struct ErrorSums {
  double cells = 0, own_squares = 0, errors = 0, squares = 0, products = 0, shares = 0, share_squares = 0;
};

ErrorSums sums_of(const Tensor<double>& ours, const Tensor<double>& theirs, const Tolerance& tolerance) {
  ErrorSums sums;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double own = ours.data()[i], off = theirs.data()[i] - own;
    const bool counts = std::abs(off) > tolerance.atol + tolerance.rtol * std::abs(own);
    if (!std::isfinite(own) || !std::isfinite(off) || !counts) continue;
    const double share = own == 0 ? 0 : std::abs(off / own);
    ++sums.cells;
    sums.own_squares += own * own;
    sums.errors += off;
    sums.squares += off * off;
    sums.products += own * off;
    sums.shares += share;
    sums.share_squares += share * share;
  }
  return sums;
}

// Rounding is as often upwards as downwards, and takes any share of its last digit. Theirs that are ours times one number,
// or plus one, or that are off by the same share everywhere, are something else. Of a few cells rounding may look like
// that, unless it is exact.
bool has_pattern(const ErrorSums& e) {
  if (e.cells < 4 || e.own_squares == 0) return false;
  const double little = (e.cells < 16 ? 0.01 : 0.25) * e.squares;
  const bool factor = e.squares - e.products * e.products / e.own_squares < little;
  const bool offset = e.squares - e.errors * e.errors / e.cells < little;
  const bool same_share = e.cells >= 16 && e.share_squares * e.cells < 1.01 * e.shares * e.shares;
  return factor || offset || same_share;
}

// Whether a row of theirs is exact where rounding to few digits would have left two numbers off at least.
bool spares_a_row(const Tensor<double>& ours, const Tensor<double>& theirs, const Tensor<double>& rounded, const Tolerance& tolerance) {
  const std::size_t width = ours.dimension() == 0 ? 1 : ours.shape().back();
  const auto off = [&](const Tensor<double>& tensor, std::size_t row) {
    std::size_t cells = 0;
    for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
      cells += std::abs(tensor.data()[i] - ours.data()[i]) > tolerance.atol + tolerance.rtol * std::abs(ours.data()[i]);
    }
    return cells;
  };
  for (std::size_t row = 0; width > 0 && row < ours.size() / width; ++row) {
    if (off(theirs, row) == 0 && off(rounded, row) > 1) return true;
  }
  return false;
}

// The cosine of the angle between two errors: 1 where cell by cell one is a multiple of the other, about 0 where they have
// nothing to do with each other.
double likeness(const Tensor<double>& plain, const Tensor<double>& theirs, const Tensor<double>& rounded) {
  double product = 0, squares = 0, rounded_squares = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double off = theirs.data()[i] - plain.data()[i], rounding = rounded.data()[i] - plain.data()[i];
    if (!std::isfinite(off) || !std::isfinite(rounding)) continue;
    product += off * rounding;
    squares += off * off;
    rounded_squares += rounding * rounding;
  }
  return squares > 0 && rounded_squares > 0 ? product / std::sqrt(squares * rounded_squares) : 0;
}

// Chance reaches 1/√n with errors in n cells, of which large ones count for more; and of many runs that are tried one comes
// closer than each.
double least_likeness(const Tensor<double>& plain, const Tensor<double>& theirs) {
  double squares = 0, fourths = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double off = theirs.data()[i] - plain.data()[i], square = std::isfinite(off) ? off * off : 0;
    squares += square;
    fourths += square * square;
  }
  return fourths > 0 ? std::min(0.97, std::max(0.5, 4 * std::sqrt(fourths) / squares)) : 1;
}

bool has_numbers_of(Mantissa mantissa, const Tensor<double>& tensor) { return agree(rounded_to(tensor, mantissa), tensor, {0, 0, true}); }

// TF32 has as many digits as float16, but its products are summed in float32: what has float16 numbers alone is float16.
std::vector<Mantissa> candidates(const Tensor<double>& numbers) {
  if (has_numbers_of(Mantissa::float16, numbers)) return {Mantissa::bfloat16, Mantissa::float16, Mantissa::tensorfloat32};
  return {Mantissa::bfloat16, Mantissa::tensorfloat32, Mantissa::float16};
}

}  // namespace

std::optional<Diagnosis> reduced_precision(const Divergence& d, const Tensor<double>& expected) {
  if (shape_of(expected) != shape_of(d.theirs.at(d.step))) return std::nullopt;
  const Tensor<double> plain = without_fills(expected), theirs = without_fills(d.theirs.at(d.step));
  // What float32 rounding explains does not count as a cell that differs.
  const Tolerance tolerance{d.tolerance.rtol, d.tolerance.atol, true};
  const Difference seen = compare(plain, theirs, tolerance);
  if (seen.nonfinite > 0 || seen.cosine < 0.999 || seen.root_mean_square == 0) return std::nullopt;
  if (has_pattern(sums_of(plain, theirs, tolerance))) return std::nullopt;
  std::optional<Diagnosis> best;
  double closest = least_likeness(plain, theirs);
  constexpr double is_the_same = 0.99;  // no other run comes closer by enough to tell
  for (const Mantissa mantissa : candidates(theirs)) {
    if (closest > is_the_same && best) break;
    const bool is_stored = has_numbers_of(mantissa, theirs);
    try_runs_in_format(d, mantissa, expected, [&](const Tensor<double>& made) {
      const Tensor<double> rounded = without_fills(made);
      const Difference typical = compare(plain, rounded, tolerance);
      const double ratio = seen.root_mean_square / typical.root_mean_square;
      const double most = is_stored ? 3 : 6;
      if (typical.root_mean_square == 0 || ratio > most || ratio < 1 / most || seen.max_abs > 12 * typical.max_abs) return false;
      // Rounding spares few cells: a few that are far off may have the mean of it, and are something else.
      if (4 * seen.mismatched < typical.mismatched || spares_a_row(plain, theirs, rounded, tolerance)) return false;
      // Sums that were rounded term by term are not ours, cell by cell; what they left is a number of the format.
      const double found = is_stored ? 1 : likeness(plain, theirs, rounded);
      if (found <= closest) return false;
      closest = found;
      best = Diagnosis{"T2", to_string(mantissa), d.step, true, false, seen.max_abs, ""};
      return closest > is_the_same;
    });
  }
  return best;
}

}  // namespace attn
