#include <attn/verify/posenc_rope.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {
namespace {

// Rows from which a weight for each coordinate is estimated; fewer would fit anything.
constexpr std::size_t fewest_rows = 3;

enum class Norm { root_mean_square, layer };

// Every head of every row divided by its root mean square, after its mean was taken off for a layer norm.
Tensor<double> normalised(const Tensor<double>& x, std::size_t head, Norm norm, double epsilon) {
  Tensor<double> result = x;
  for (std::size_t start = 0; start < x.size(); start += head) {
    double* const values = result.data() + start;
    double mean = 0, squares = 0;
    for (std::size_t c = 0; c < head; ++c) mean += values[c] / static_cast<double>(head);
    if (norm == Norm::root_mean_square) mean = 0;
    for (std::size_t c = 0; c < head; ++c) {
      values[c] -= mean;
      squares += values[c] * values[c] / static_cast<double>(head);
    }
    for (std::size_t c = 0; c < head; ++c) values[c] /= std::sqrt(squares + epsilon);
  }
  return result;
}

// The largest difference that is left of theirs = weight · unweighted when every coordinate's weight is
// fitted; infinity if it is beyond what rounding explains, in a row by so much of the coordinate's largest value.
double residual_with_weights(const RotaryPairs& pairs, const Tensor<double>& theirs, const Tensor<double>& unweighted, std::size_t head, const TypeTolerance& tolerance) {
  const std::size_t heads = pairs.width / head;
  double largest = 0;
  for (std::size_t c = 0; c < head; ++c) {
    double products = 0, squares = 0, magnitude = 0;
    for (std::size_t i = c; i < theirs.size(); i += head) {
      products += theirs.data()[i] * unweighted.data()[i];
      squares += unweighted.data()[i] * unweighted.data()[i];
      magnitude = std::max(magnitude, std::abs(theirs.data()[i]));
    }
    const double weight = squares > 0 ? products / squares : 0;
    for (std::size_t i = c; i < theirs.size(); i += head) {
      const double difference = std::abs(theirs.data()[i] - weight * unweighted.data()[i]);
      const double position = static_cast<double>(i / head / heads % pairs.len);
      const double computing = 8 * (tolerance.computed.unit + tolerance.computed.per_step * position) * magnitude;
      if (!(difference <= computing + 3 * tolerance.storing(magnitude))) return INFINITY;
      largest = std::max(largest, difference);
    }
  }
  return largest;
}

void try_order(const RotaryPairs& pairs, RotaryVariant v, Norm norm, double epsilon, const TypeTolerance& tolerance, std::vector<Explanation>& fitting) {
  const std::size_t head = v.options.head_dim;
  // Heads side by side become rows of their own, each at the position of its token.
  const auto rotate = [&](const Tensor<double>& x, bool clockwise) {
    RopeOptions options = v.options;
    options.clockwise = clockwise;
    Tensor<double> rows = empty<double>({pairs.rows / pairs.len, pairs.len, pairs.heads, head});
    std::copy_n(x.data(), x.size(), rows.data());
    Tensor<double> turned = rows;
    for (std::size_t h = 0; h < pairs.heads; ++h) {
      Tensor<double> one = empty<double>({pairs.rows / pairs.len, pairs.len, head});
      for (std::size_t row = 0; row < pairs.rows; ++row) std::copy_n(rows.data() + (row * pairs.heads + h) * head, head, one.data() + row * head);
      one = rope_rotated(one, options);
      for (std::size_t row = 0; row < pairs.rows; ++row) std::copy_n(one.data() + row * head, head, turned.data() + (row * pairs.heads + h) * head);
    }
    return turned;
  };
  const char* const kind = norm == Norm::layer ? "layer_norm" : "rms_norm";
  std::vector<Deviation> rotation = deviations_of(v);
  const double before = residual_with_weights(pairs, rotate(pairs.rotated, true), normalised(pairs.before, head, norm, epsilon), head, tolerance);
  rotation.push_back({"", std::string(kind) + "_before"});
  if (before < INFINITY) fitting.push_back({rotation, before});
  const double after = residual_with_weights(pairs, pairs.rotated, normalised(rotate(pairs.before, false), head, norm, epsilon), head, tolerance);
  rotation.back() = {"R7", std::string(kind) + "_after", "before_norm", "after_norm"};
  if (after < INFINITY) fitting.push_back({rotation, after});
}

}  // namespace

Identification identify_normalised_rope(const RotaryPairs& pairs) {
  if (pairs.rows * pairs.heads < fewest_rows || pairs.len < 2) return {};
  for (const TypeTolerance& tolerance : tolerances_of(pairs.rotated)) {
    std::vector<Explanation> fitting;
    for (const RotaryPairing pairing : {RotaryPairing::half_split, RotaryPairing::interleaved}) {
      for (const double base : {10000.0, 500000.0, 1000000.0}) {
        for (const Norm norm : {Norm::root_mean_square, Norm::layer}) {
          for (const double epsilon : {0.0, 1e-6, 1e-5, 1e-8}) {
            RotaryVariant v;
            v.options.head_dim = v.options.rotary_dim = pairs.width / pairs.heads;
            v.options.pairing = pairing;
            v.options.base = base;
            const std::size_t before = fitting.size();
            try_order(pairs, v, norm, epsilon, tolerance, fitting);
            if (fitting.size() > before) break;  // the other epsilons differ in rounding only
          }
        }
      }
    }
    if (!fitting.empty()) return simplest(std::move(fitting), tolerance.name());
  }
  return {};
}

}  // namespace attn::posenc
