#include <attn/verify/precision.hpp>
#include <attn/verify/precision_loss.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
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

// Our operation on rounded operands, rounded.
Tensor<double> emulated(const Divergence& d, Mantissa mantissa) {
  Evaluator<double> run(d.problem);
  std::map<Step, Tensor<double>> rounded;
  const std::vector<Step> operands = operands_of(d.step);  // none of a layer's steps
  for (const auto& [step, tensor] : d.ours) {
    const bool is_read = d.problem.layer || std::find(operands.begin(), operands.end(), step) != operands.end();
    if (step >= d.step || !is_read) continue;
    const auto theirs = d.theirs.find(step);
    rounded[step] = rounded_to(theirs != d.theirs.end() && fits(d, step, theirs->second) ? theirs->second : tensor, mantissa);
  }
  for (const auto& [step, tensor] : rounded) run.know(step, tensor);
  return rounded_to(run.compute(d.step), mantissa);
}

// How far below its row's maximum a score lies, and log of (their weight over its row's largest) minus that.
struct Deviation {
  double below, error;
};

std::vector<Deviation> deviations(const Tensor<double>& scores, const Tensor<double>& weights) {
  const std::size_t keys = scores.shape().back();
  std::vector<Deviation> found;
  for (std::size_t row = 0; keys > 0 && row < scores.size() / keys; ++row) {
    const double *s = scores.data() + row * keys, *w = weights.data() + row * keys;
    const std::size_t top = static_cast<std::size_t>(std::max_element(s, s + keys) - s);
    if (!std::isfinite(s[top]) || !(w[top] > 0)) continue;
    for (std::size_t j = 0; j < keys; ++j) {
      // Below e^-60 a weight has lost its digits in any format.
      if (j == top || !(w[j] > 0) || !(s[j] - s[top] > -60)) continue;
      found.push_back({s[j] - s[top], std::log(w[j] / w[top]) - (s[j] - s[top])});
    }
  }
  return found;
}

// Whether the rows are those of an exponential, however coarse: each sums to one, and none that spreads over more than a
// factor of e is exact.
bool are_of_one_function(const Tensor<double>& scores, const Tensor<double>& weights, const Tensor<double>& expected) {
  const std::size_t keys = scores.shape().back();
  for (std::size_t row = 0; keys > 0 && row < scores.size() / keys; ++row) {
    const double *s = scores.data() + row * keys, *w = weights.data() + row * keys, *e = expected.data() + row * keys;
    double sum = 0, off = 0, lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
    for (std::size_t j = 0; j < keys; ++j) {
      sum += w[j];
      off = std::max(off, std::abs(w[j] - e[j]));
      if (!(e[j] > 0)) continue;
      lowest = std::min(lowest, s[j]);
      highest = std::max(highest, s[j]);
    }
    const bool seen = std::isfinite(highest);
    if (seen && (std::abs(sum - 1) > 0.01 || (highest - lowest > 1 && off < 1e-6))) return false;
  }
  return true;
}

// Whether all errors are small beside those of another temperature: error = c·below.
bool is_temperature(const std::vector<Deviation>& cells) {
  double product = 0, square = 0, error = 0;
  for (const Deviation& cell : cells) {
    product += cell.below * cell.error;
    square += cell.below * cell.below;
    error += cell.error * cell.error;
  }
  return square > 0 && error - product * product / square < 1e-3 * error;
}

// Sorted by score, noise lies off the line between its neighbours by one and a half times its variance; a
// function of the score lies near it, however far the neighbours are.
bool is_smooth(std::vector<Deviation> cells) {
  std::sort(cells.begin(), cells.end(), [](const Deviation& a, const Deviation& b) { return a.below < b.below; });
  double mean = 0;
  for (const Deviation& cell : cells) mean += cell.error / static_cast<double>(cells.size());
  double variance = 0, off_line = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    variance += (cells[i].error - mean) * (cells[i].error - mean);
    if (i == 0 || i + 1 == cells.size()) continue;
    const Deviation &before = cells[i - 1], &after = cells[i + 1];
    const double gap = after.below - before.below;
    const double share = gap > 0 ? (cells[i].below - before.below) / gap : 0.5;
    const double off = cells[i].error - (before.error + share * (after.error - before.error));
    off_line += off * off;
  }
  return variance > 0 && off_line < 0.2 * variance;
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

// TF32 has as many digits as float16, but its products are summed in float32: what has float16 numbers alone is float16.
std::vector<Mantissa> candidates(const Tensor<double>& numbers) {
  const bool halves = agree(rounded_to(numbers, Mantissa::float16), numbers, {0, 0, true});
  if (halves) return {Mantissa::bfloat16, Mantissa::float16, Mantissa::tensorfloat32};
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
  double best_distance = std::log(6.0);
  for (const Mantissa mantissa : candidates(theirs)) {
    const Tensor<double> rounded = without_fills(emulated(d, mantissa));
    const Difference typical = compare(plain, rounded, tolerance);
    if (typical.root_mean_square == 0 || seen.max_abs > 12 * typical.max_abs) continue;
    // Rounding spares few cells: a few that are far off may have the mean of it, and are something else.
    if (4 * seen.mismatched < typical.mismatched) continue;
    if (spares_a_row(plain, theirs, rounded, tolerance)) continue;
    const double distance = std::abs(std::log(seen.root_mean_square / typical.root_mean_square));
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = Diagnosis{"T2", to_string(mantissa), d.step, true, false, seen.max_abs, ""};
  }
  return best;
}

std::optional<Diagnosis> approximate_exponential(const Divergence& d, Evaluator<double>& run, const Tensor<double>& expected) {
  if (d.step != Step::weights) return std::nullopt;
  const Tensor<double>& theirs = d.theirs.at(d.step);
  const Tensor<double>& scores = run.get(Step::scores_masked);
  if (shape_of(theirs) != shape_of(scores)) return std::nullopt;
  const Difference seen = compare(expected, theirs, {0, 0, true});
  // Coarser than this it is another function, not an exponential.
  if (seen.nonfinite > 0 || seen.cosine < 0.9) return std::nullopt;
  if (!are_of_one_function(scores, theirs, expected)) return std::nullopt;
  const std::vector<Deviation> cells = deviations(scores, theirs);
  if (cells.size() < 8 || is_temperature(cells) || !is_smooth(cells)) return std::nullopt;
  return Diagnosis{"W6", "approximate exponential", d.step, true, false, seen.max_abs, ""};
}

}  // namespace attn
