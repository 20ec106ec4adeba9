#include <attn/verify/posenc_rope.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {
namespace {

struct Coordinates {
  std::size_t first, second;
};

Coordinates coordinates_of(std::size_t j, const RopeOptions& options) {
  if (options.pairing == RotaryPairing::interleaved) return {2 * j, 2 * j + 1};
  return {j, j + options.rotary_dim / 2};
}

SinCos<double> turn_of(const RotaryVariant& v, const Frequency& frequency, std::int64_t position) {
  if (v.identity) return {0, 1};
  SinCos<double> turn = frequency.at<double>(position);
  if (v.angle.rounded != Rounded::nothing) {
    const RoundedFrequency rounded = rounded_frequency(1 / frequency.radians(), {1, 1}, v.angle);
    const double angle = rounded_angle(rounded, static_cast<double>(position), v.angle);
    turn = {std::sin(angle), std::cos(angle)};
  }
  if (v.tables) turn = {v.tables->round(turn.sin), v.tables->round(turn.cos)};
  if (v.options.clockwise) turn.sin = -turn.sin;
  return turn;
}

}  // namespace

double rotation_residual(const RotaryPairs& pairs, const RotaryVariant& v, const std::vector<Frequency>& frequencies,
                         const TypeTolerance& tolerance, std::size_t rows) {
  const std::size_t r = v.options.rotary_dim, head = v.options.head_dim;
  double largest = 0;
  const double begin = std::min(std::abs(static_cast<double>(v.first)), farthest_rounded_start);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::int64_t position = v.first + static_cast<std::int64_t>(row % pairs.len);
    for (std::size_t start = 0; start < pairs.width; start += head) {
      const double* from = pairs.before.data() + row * pairs.width + start;
      const double* have = pairs.rotated.data() + row * pairs.width + start;
      const auto differs = [&](std::size_t c, double want, double size, double angle) {
        const double difference = std::abs(have[c] - want);
        largest = std::max(largest, difference);
        const double computed = 2 * (size + 1e-30) * (tolerance.computed.unit + tolerance.computed.per_step * angle);
        return !(difference <= computed + tolerance.storing(want));
      };
      for (std::size_t j = 0; j < r / 2; ++j) {
        const auto [a, b] = coordinates_of(j, v.options);
        const SinCos<double> turn = turn_of(v, frequencies[j], position);
        const double size = std::hypot(from[a], from[b]);
        const double angle = v.identity ? 0 : (begin + static_cast<double>(row % pairs.len)) * frequencies[j].radians();
        if (differs(a, from[a] * turn.cos - from[b] * turn.sin, size, angle)) return INFINITY;
        if (differs(b, from[a] * turn.sin + from[b] * turn.cos, size, angle)) return INFINITY;
      }
      for (std::size_t c = r; c < head; ++c) {
        if (differs(c, from[c], std::abs(from[c]), 0)) return INFINITY;
      }
    }
  }
  return largest;
}

std::vector<Deviation> deviations_of(const RotaryVariant& v) {
  const RopeOptions& o = v.options;
  std::vector<Deviation> found;
  if (v.identity) return {{"", "unrotated"}};
  if (o.pairing == RotaryPairing::interleaved) found.push_back({"R1", "interleaved"});
  if (o.clockwise) found.push_back({"R2", "clockwise"});
  if (o.base != 10000) found.push_back({"R3", "base", short_number(o.base), "10000", is_round(o.base) ? Freedom::round_number : Freedom::number});
  if (o.factor != 1) found.push_back({"R3", o.scaling == RotaryScaling::ntk ? "ntk_scaling" : "linear_scaling", short_number(o.factor), "1"});
  if (o.rotary_dim < o.head_dim) found.push_back({"", "partial", std::to_string(o.rotary_dim), std::to_string(o.head_dim)});
  if (o.exponent == RotaryExponent::head_dim && o.rotary_dim < o.head_dim) {
    found.push_back({"R4", "head_exponent", std::to_string(o.head_dim), std::to_string(o.rotary_dim)});
  }
  if (v.first != 0) found.push_back({"R5", "offset", std::to_string(v.first), "0"});
  if (v.angle.rounded != Rounded::nothing) found.push_back(half_precision("R6", v.angle));
  if (v.tables) found.push_back({"R6", "half_rotation", v.tables->name, "float32"});
  if (v.unsplit) found.push_back({"R7", "unsplit", "before_split", "after_split"});
  return found;
}

std::vector<Deviation> deviations_of(const RopeOptions& options) {
  RotaryVariant v;
  v.options = checked(options);
  v.first = static_cast<std::int64_t>(options.offset);
  return deviations_of(v);
}

std::vector<RotaryVariant> half_precision_variants(const RotaryVariant& variant) {
  std::vector<RotaryVariant> variants;
  for (const HalfType* type : {&float16_type(), &bfloat16_type()}) {
    RotaryVariant one = variant;
    one.tables = type;
    variants.push_back(one);
    for (const Rounded rounded : {Rounded::position, Rounded::product, Rounded::everything, Rounded::frequency, Rounded::quotient}) {
      one.angle = {rounded, type};
      for (const HalfType* tables : {static_cast<const HalfType*>(nullptr), type}) {
        one.tables = tables;
        variants.push_back(one);
      }
    }
  }
  return variants;
}

}  // namespace attn::posenc
