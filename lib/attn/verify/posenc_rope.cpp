#include <attn/error.hpp>
#include <attn/ops/rope.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <algorithm>
#include <cmath>

namespace attn::verify {
namespace {

constexpr std::uint64_t farthest_offset = 512;

struct Pairs {
  const Tensor<double>& rotated;
  const Tensor<double>& before;
  std::size_t len, width, rows;
};

struct Variant {
  RopeOptions options;
  bool identity = false;
  bool unsplit = false;  // rotated as one vector although it holds several heads
};

double residual_of(const Pairs& pairs, const Variant& v, const RoundingClass& allowed, std::size_t rows) {
  const std::vector<Frequency> frequencies = rope_frequencies(v.options);
  const std::size_t r = v.options.rotary_dim, head = v.options.head_dim;
  const bool interleaved = v.options.pairing == RotaryPairing::interleaved;
  double largest = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint64_t position = v.options.offset + row % pairs.len;
    for (std::size_t start = 0; start < pairs.width; start += head) {
      const double* from = pairs.before.data() + row * pairs.width + start;
      const double* have = pairs.rotated.data() + row * pairs.width + start;
      const auto differs = [&](std::size_t c, double want, double size, double omega) {
        const double difference = std::abs(have[c] - want);
        largest = std::max(largest, difference);
        return !(difference <= (size + 1e-30) * 2 * (allowed.unit + allowed.per_step * static_cast<double>(position) * omega));
      };
      for (std::size_t j = 0; j < r / 2; ++j) {
        const std::size_t a = interleaved ? 2 * j : j, b = interleaved ? 2 * j + 1 : j + r / 2;
        SinCos<double> angle = frequencies[j].at<double>(static_cast<std::int64_t>(position));
        if (v.options.clockwise) angle.sin = -angle.sin;
        if (v.identity) angle = {0, 1};
        const double size = std::hypot(from[a], from[b]), omega = frequencies[j].radians();
        if (differs(a, from[a] * angle.cos - from[b] * angle.sin, size, omega)) return INFINITY;
        if (differs(b, from[a] * angle.sin + from[b] * angle.cos, size, omega)) return INFINITY;
      }
      for (std::size_t c = r; c < head; ++c) {
        if (differs(c, from[c], std::abs(from[c]), 0)) return INFINITY;
      }
    }
  }
  return largest;
}

// What the second pair turns between rows 0 and 1 gives its frequency, and that the base.
std::vector<double> bases_of(const Pairs& pairs, const Variant& v) {
  std::vector<double> bases = {10000};
  const std::size_t r = v.options.rotary_dim;
  if (pairs.len < 2 || r < 4) return bases;
  const bool interleaved = v.options.pairing == RotaryPairing::interleaved;
  const std::size_t a = interleaved ? 2 : 1, b = interleaved ? 3 : 1 + r / 2;
  const auto turned = [&](std::size_t row) {
    const double* from = pairs.before.data() + row * pairs.width;
    const double* to = pairs.rotated.data() + row * pairs.width;
    return std::atan2(to[b], to[a]) - std::atan2(from[b], from[a]);
  };
  double omega = std::remainder(turned(1) - turned(0), 2 * M_PI);
  if (v.options.clockwise) omega = -omega;
  const double width = static_cast<double>(v.options.exponent == RotaryExponent::head_dim ? v.options.head_dim : r);
  const double base = omega > 0 ? std::exp(-std::log(omega) * width / 2) : 0;
  if (!(base > 1.001) || base > 1e12) return bases;
  for (int digits = 1; digits <= 6; ++digits) {
    const double unit = std::pow(10.0, std::floor(std::log10(base)) - digits + 1);
    const double rounded = std::round(base / unit) * unit;
    if (rounded >= 1 && std::abs(rounded / base - 1) < 0.03 && rounded != bases.back()) bases.push_back(rounded);
  }
  return bases;
}

std::vector<Deviation> deviations_of(const Variant& v) {
  const RopeOptions& o = v.options;
  std::vector<Deviation> found;
  if (v.identity) return {{"", "not rotated at all"}};
  if (o.pairing == RotaryPairing::interleaved) found.push_back({"R1", "interleaved pairs (2j, 2j + 1) instead of half-split ones (j, j + r/2)"});
  if (o.clockwise) found.push_back({"R2", "rotated the other way: by -position · ω"});
  if (o.base != 10000) found.push_back({"R3", "base " + std::to_string(static_cast<long long>(std::llround(o.base))) + " instead of 10000"});
  if (o.factor != 1) found.push_back({"R3", "positions divided by " + std::to_string(o.factor)});
  if (o.rotary_dim < o.head_dim) found.push_back({"", "partial: the first " + std::to_string(o.rotary_dim) + " of " + std::to_string(o.head_dim) + " coordinates are rotated"});
  if (o.exponent == RotaryExponent::head_dim && o.rotary_dim < o.head_dim) found.push_back({"R4", "frequencies of the head size, not of the rotated part"});
  if (o.offset > 0) found.push_back({"R5", "positions count from " + std::to_string(o.offset)});
  if (v.unsplit) found.push_back({"R7", "rotated before the split into heads"});
  return found;
}

std::vector<Variant> shapes_of(std::size_t width, std::size_t heads) {
  std::vector<Variant> shapes;
  for (const bool unsplit : {false, true}) {
    if (unsplit && heads == 1) continue;
    const std::size_t head = unsplit ? width : width / heads;
    for (const std::size_t r : {head, head / 2, head / 4}) {
      if (r < 2 || r % 2 == 1) continue;
      for (const RotaryExponent exponent : {RotaryExponent::rotary_dim, RotaryExponent::head_dim}) {
        if (r == head && exponent == RotaryExponent::head_dim) continue;
        for (const RotaryPairing pairing : {RotaryPairing::half_split, RotaryPairing::interleaved}) {
          for (const bool clockwise : {false, true}) {
            Variant v;
            v.options.head_dim = head;
            v.options.rotary_dim = r;
            v.options.exponent = exponent;
            v.options.pairing = pairing;
            v.options.clockwise = clockwise;
            v.unsplit = unsplit;
            shapes.push_back(v);
          }
        }
      }
    }
  }
  return shapes;
}

void try_numbers(const Pairs& pairs, Variant v, const RoundingClass& allowed, std::vector<Explanation>& fitting) {
  for (const double base : bases_of(pairs, v)) {
    v.options.base = base;
    bool found = false;
    for (std::uint64_t offset = 0; offset <= farthest_offset && !found; ++offset) {
      v.options.offset = offset;
      if (residual_of(pairs, v, allowed, 1) == INFINITY) continue;
      const double residual = residual_of(pairs, v, allowed, pairs.rows);
      if (residual == INFINITY) continue;
      fitting.push_back({deviations_of(v), residual});
      found = true;
    }
    if (found) return;
  }
  // Linear scaling: the first pair has ω = 1 / factor.
  v.options.base = 10000;
  v.options.offset = 0;
  v.options.scaling = RotaryScaling::linear;
  for (const double factor : {2.0, 4.0, 8.0, 16.0, 32.0}) {
    v.options.factor = factor;
    const double residual = residual_of(pairs, v, allowed, pairs.rows);
    if (residual < INFINITY) fitting.push_back({deviations_of(v), residual});
  }
}

}  // namespace

Identification identify_rope(const Tensor<double>& rotated, const Tensor<double>& before, std::size_t heads) {
  const Shape shape = shape_of(rotated);
  if (shape.size() < 2 || rotated.size() == 0 || shape != shape_of(before)) {
    throw ShapeError("table", "expected two tensors (…, L, D) of one shape, found " + to_string(shape) + " and " + to_string(shape_of(before)));
  }
  const std::size_t width = shape.back();
  if (heads == 0 || width % heads != 0 || (width / heads) % 2 != 0) {
    throw ShapeError("head count", "expected heads of an even size, found " + std::to_string(heads) + " heads in a width of " + std::to_string(width));
  }
  const Pairs pairs{rotated, before, shape[shape.size() - 2], width, rotated.size() / width};
  for (const RoundingClass& allowed : rounding_classes()) {
    std::vector<Explanation> fitting;
    Variant identity = shapes_of(width, heads).front();
    identity.identity = true;
    const double unchanged = residual_of(pairs, identity, {allowed.name, allowed.unit, 0}, pairs.rows);
    if (unchanged < INFINITY) fitting.push_back({deviations_of(identity), unchanged});
    for (const Variant& shape_variant : shapes_of(width, heads)) try_numbers(pairs, shape_variant, allowed, fitting);
    if (fitting.empty()) continue;
    if (allowed.name == "float16" || allowed.name == "bfloat16") {
      for (Explanation& one : fitting) one.deviations.push_back({"R6", "sines and cosines, or the result, in " + allowed.name});
    }
    return simplest(std::move(fitting), allowed.name);
  }
  return {};
}

}  // namespace attn::verify
