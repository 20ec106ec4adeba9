#include <attn/verify/median_ratio.hpp>
#include <attn/verify/temperature.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {

std::optional<double> factor_in_softmax(const Tensor<double>& weights, const Tensor<double>& scores) {
  if (shape_of(weights) != shape_of(scores) || scores.size() == 0) return std::nullopt;
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  const std::size_t keys = scores.shape().back();
  Tensor<double> logarithms = filled<double>(shape_of(scores), unknown), distances = logarithms;
  for (std::size_t row = 0; row < scores.size(); row += keys) {
    const double *s = scores.data() + row, *w = weights.data() + row;
    const std::size_t top = static_cast<std::size_t>(std::max_element(s, s + keys) - s);
    for (std::size_t j = 0; j < keys; ++j) {
      // Near the largest score a weight has too few digits for it, and far below it none.
      const double below = s[j] - s[top];
      if (!(below < -0.1 && below > -20) || !(w[j] > 0) || !(w[top] > 0)) continue;
      logarithms.data()[row + j] = std::log(w[j] / w[top]);
      distances.data()[row + j] = below;
    }
  }
  return median_ratio(logarithms, distances);
}

}  // namespace attn
