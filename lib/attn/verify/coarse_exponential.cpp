#include <attn/verify/coarse_exponential.hpp>
#include <attn/verify/precision.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace attn {
namespace {

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

// How far the sum of a row may be from one: numbers of few digits leave more.
double sum_tolerance(const Tensor<double>& weights) {
  const auto has_digits_of = [&](Mantissa mantissa) { return agree(rounded_to(weights, mantissa), weights, {0, 0, true}); };
  return has_digits_of(Mantissa::bfloat16) || has_digits_of(Mantissa::float16) ? 0.01 : 1e-4;
}

// Whether the rows are those of an exponential, however coarse: each sums to one, what is forbidden has nothing of it, and
// none that spreads over more than a factor of e is exact.
bool are_of_one_function(const Tensor<double>& scores, const Tensor<double>& weights, const Tensor<double>& expected) {
  const std::size_t keys = scores.shape().back();
  const double most_off_one = sum_tolerance(weights);
  for (std::size_t row = 0; keys > 0 && row < scores.size() / keys; ++row) {
    const double *s = scores.data() + row * keys, *w = weights.data() + row * keys, *e = expected.data() + row * keys;
    double sum = 0, off = 0, lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
    for (std::size_t j = 0; j < keys; ++j) {
      sum += w[j];
      off = std::max(off, std::abs(w[j] - e[j]));
      if (s[j] == -std::numeric_limits<double>::infinity() && w[j] != 0) return false;
      if (!(e[j] > 0)) continue;
      lowest = std::min(lowest, s[j]);
      highest = std::max(highest, s[j]);
    }
    const bool seen = std::isfinite(highest);
    if (seen && (std::abs(sum - 1) > most_off_one || (highest - lowest > 1 && off < 1e-6))) return false;
  }
  return true;
}

// Whether it is close to exp where its argument is small, as every approximation is: 1 + x + x²/2 is 0.31 off in the
// logarithm at −1, and 2.0 at −2.
bool is_close_near_zero(const std::vector<Deviation>& cells) {
  std::size_t near = 0;
  for (const Deviation& cell : cells) {
    const double x = std::abs(cell.below);
    if (std::abs(cell.error) > 0.05 + 0.1 * x + x * x * x / 4) return false;
    if (x < 1.5) ++near;
  }
  return near >= 8;
}

// Whether every row is the right one times a number, plus a number: smoothed weights, or some that were added to. Two or
// three keys always are.
bool are_rows_shifted(const Tensor<double>& weights, const Tensor<double>& expected) {
  const std::size_t keys = weights.shape().back();
  double error = 0, left = 0;
  for (std::size_t row = 0; keys > 0 && row < weights.size() / keys; ++row) {
    const double *w = weights.data() + row * keys, *e = expected.data() + row * keys;
    double count = 0, sum = 0, sum_right = 0, product = 0, square = 0, own_square = 0;
    for (std::size_t j = 0; j < keys; ++j) {
      if (!(e[j] > 0)) continue;
      ++count;
      sum += w[j];
      sum_right += e[j];
      product += w[j] * e[j];
      square += e[j] * e[j];
      own_square += w[j] * w[j];
      error += (w[j] - e[j]) * (w[j] - e[j]);
    }
    if (count < 4) continue;
    const double spread = square - sum_right * sum_right / count, shared = product - sum * sum_right / count;
    if (spread > 0) left += own_square - sum * sum / count - shared * shared / spread;
  }
  return left < 1e-3 * error;
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

}  // namespace

std::optional<Diagnosis> approximate_exponential(const Divergence& d, Evaluator<double>& run, const Tensor<double>& expected) {
  if (d.step != Step::weights) return std::nullopt;
  const Tensor<double>& theirs = d.theirs.at(d.step);
  const Tensor<double>& scores = run.get(Step::scores_masked);
  if (shape_of(theirs) != shape_of(scores)) return std::nullopt;
  const Difference seen = compare(expected, theirs, {0, 0, true});
  // Coarser than this it is another function, not an exponential.
  if (seen.nonfinite > 0 || seen.cosine < 0.9) return std::nullopt;
  if (!are_of_one_function(scores, theirs, expected) || are_rows_shifted(theirs, expected)) return std::nullopt;
  const std::vector<Deviation> cells = deviations(scores, theirs);
  if (!is_close_near_zero(cells) || is_temperature(cells) || !is_smooth(cells)) return std::nullopt;
  return Diagnosis{"W6", "approximate exponential", d.step, true, false, seen.max_abs, ""};
}

}  // namespace attn
