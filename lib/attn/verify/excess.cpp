#include <attn/verify/excess.hpp>

#include <cmath>
#include <limits>

namespace attn {

Tensor<double> excess(const Tensor<double>& ours, const Tensor<double>& theirs, const Tolerance& tolerance) {
  Tensor<double> result = filled<double>(shape_of(ours), 0.0);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double a = ours.data()[i], b = theirs.data()[i], difference = std::abs(a - b);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    if (!std::isfinite(difference)) {
      result.data()[i] = std::numeric_limits<double>::infinity();
    } else if (difference > tolerance.atol + tolerance.rtol * std::abs(a)) {
      result.data()[i] = difference;
    }
  }
  return result;
}

}  // namespace attn
