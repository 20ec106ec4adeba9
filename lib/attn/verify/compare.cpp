#include <attn/verify/compare.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// NaN with NaN, +inf with +inf, −inf with −inf, finite with finite.
bool same_kind(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return true;
}

struct Sums {
  double product = 0, ours = 0, theirs = 0, square = 0;
  std::size_t finite = 0, permille_1 = 0, permille_5 = 0;
};

}  // namespace

const char* to_string(Status status) {
  switch (status) {
    case Status::match: return "match";
    case Status::mismatch: return "mismatch";
    case Status::missing: return "missing";
    case Status::shape: return "shape";
    case Status::nonfinite: return "nonfinite";
  }
  return "";
}

Difference compare(const Tensor<double>& ours, const Tensor<double>& theirs, const Tolerance& tolerance) {
  Difference found;
  if (shape_of(ours) != shape_of(theirs)) {
    found.status = Status::shape;
    return found;
  }
  found.total = ours.size();
  Sums sums;
  double worst = -1;
  for (std::size_t i = 0; i < found.total; ++i) {
    const double a = ours.data()[i], b = theirs.data()[i];
    double excess = 0;
    if (!same_kind(a, b)) {
      ++found.nonfinite;
      excess = infinity;
    } else if (std::isnan(a)) {
      excess = tolerance.equal_nan ? 0 : infinity;
    } else if (std::isfinite(a)) {
      const double difference = std::abs(a - b);
      found.max_abs = std::max(found.max_abs, difference);
      if (a != 0) found.max_rel = std::max(found.max_rel, difference / std::abs(a));
      found.passing_atol = std::max(found.passing_atol, difference - tolerance.rtol * std::abs(a));
      excess = difference - (tolerance.atol + tolerance.rtol * std::abs(a));
      sums.product += a * b;
      sums.ours += a * a;
      sums.theirs += b * b;
      sums.square += difference * difference;
      ++sums.finite;
      sums.permille_1 += difference <= 0.001 * std::abs(a);
      sums.permille_5 += difference <= 0.005 * std::abs(a);
    }
    if (excess > 0) {
      ++found.mismatched;
      if (excess > worst) {
        worst = excess;
        found.at = i;
      }
    }
  }
  if (found.mismatched == 0 && found.total > 0) {
    // Nothing exceeds its tolerance: the worst cell is the one that differs most.
    double most = -1;
    for (std::size_t i = 0; i < found.total; ++i) {
      const double difference = std::abs(ours.data()[i] - theirs.data()[i]);
      if (difference > most) {
        most = difference;
        found.at = i;
      }
    }
  }
  if (found.total > 0) {
    found.ours = ours.data()[found.at];
    found.theirs = theirs.data()[found.at];
  }
  if (sums.finite > 0) {
    const double count = static_cast<double>(sums.finite);
    found.within_1_permille = static_cast<double>(sums.permille_1) / count;
    found.within_5_permille = static_cast<double>(sums.permille_5) / count;
    found.root_mean_square = std::sqrt(sums.square / count);
    const double lengths = std::sqrt(sums.ours) * std::sqrt(sums.theirs);
    found.cosine = lengths > 0 ? sums.product / lengths : 1;
  }
  if (found.nonfinite > 0) found.passing_atol = infinity;
  found.status = found.mismatched == 0 ? Status::match : found.nonfinite > 0 ? Status::nonfinite : Status::mismatch;
  return found;
}

Shape unravel(std::size_t flat, const Shape& shape) {
  Shape index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = shape[axis] == 0 ? 0 : flat % shape[axis];
    flat = shape[axis] == 0 ? 0 : flat / shape[axis];
  }
  return index;
}

}  // namespace attn
