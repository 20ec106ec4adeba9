#include <attn/error.hpp>
#include <attn/verify/posenc_rope.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

namespace attn::posenc {
namespace {

constexpr std::uint64_t farthest_offset = 4096;

// The largest difference in the first `rows` rows, or infinity as soon as one is beyond what the class allows.
double residual_of(const RotaryPairs& pairs, const RotaryVariant& v, const std::vector<Frequency>& frequencies, const RoundingClass& allowed,
                   std::size_t rows) {
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
        const double size = std::hypot(from[a], from[b]), omega = v.identity ? 0 : frequencies[j].radians();
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
std::vector<double> bases_of(const RotaryPairs& pairs, const RotaryVariant& v) {
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
  if (!(base > 1.001) || base > 1e12 || std::abs(base / 10000 - 1) < 1e-9) return bases;
  for (const double rounded : round_numbers_near(base)) {
    if (rounded >= 1 && rounded != 10000) bases.push_back(rounded);
  }
  return bases;
}

// The first offset at which the rows fit; true if there is one.
bool try_offsets(const RotaryPairs& pairs, RotaryVariant v, const RoundingClass& allowed, std::vector<Explanation>& fitting) {
  const std::vector<Frequency> frequencies = rope_frequencies(v.options);
  for (std::uint64_t offset = 0; offset <= farthest_offset; ++offset) {
    v.options.offset = offset;
    if (residual_of(pairs, v, frequencies, allowed, 1) == INFINITY) continue;
    const double residual = residual_of(pairs, v, frequencies, allowed, pairs.rows);
    if (residual == INFINITY) continue;
    fitting.push_back({deviations_of(v), residual});
    return true;
  }
  return false;
}

void try_numbers(const RotaryPairs& pairs, RotaryVariant v, const RoundingClass& allowed, std::vector<Explanation>& fitting) {
  for (const double base : bases_of(pairs, v)) {
    v.options.base = base;
    if (try_offsets(pairs, v, allowed, fitting)) return;
  }
  for (const RotaryScaling scaling : {RotaryScaling::linear, RotaryScaling::ntk}) {
    for (const double base : {10000.0, 500000.0, 1000000.0}) {
      for (const double factor : {2.0, 3.0, 4.0, 8.0, 16.0, 32.0, 64.0}) {
        if (scaling == RotaryScaling::ntk && v.options.rotary_dim == 2) continue;
        v.options.base = base;
        v.options.scaling = scaling;
        v.options.factor = factor;
        const double residual = residual_of(pairs, v, rope_frequencies(v.options), allowed, pairs.rows);
        if (residual < INFINITY) fitting.push_back({deviations_of(v), residual});
      }
    }
  }
}

// What no tensor of this form can show.
void add_unseen(const RotaryPairs& pairs, Identification& found) {
  if (found.explanations.empty()) return;
  const auto add = [&found](Deviation deviation, bool possible) { found.cannot_tell.push_back({std::move(deviation), possible}); };
  const std::vector<Deviation>& first = found.explanations.front().deviations;
  const bool is_partial = std::any_of(first.begin(), first.end(), [](const Deviation& one) { return one.kind == "partial"; });
  if (!is_partial) add({"R4", "head_exponent_of_all"}, false);
  if (pairs.heads == 1) add({"R7", "unsplit_one_head"}, false);
}

Identification identify_forms(const RotaryPairs& pairs, const std::vector<RotaryVariant>& forms) {
  for (const RoundingClass& allowed : rounding_classes()) {
    std::vector<Explanation> fitting;
    for (const RotaryVariant& form : forms) {
      if (form.identity) {
        const double residual = residual_of(pairs, form, rope_frequencies(form.options), allowed, pairs.rows);
        if (residual < INFINITY) fitting.push_back({deviations_of(form), residual});
      } else {
        try_numbers(pairs, form, allowed, fitting);
      }
    }
    if (fitting.empty()) continue;
    if (allowed.name == "float16" || allowed.name == "bfloat16") {
      for (Explanation& one : fitting) one.deviations.push_back({"R6", "half_rotation", allowed.name, "float32"});
    }
    Identification found = simplest(std::move(fitting), allowed.name);
    add_unseen(pairs, found);
    return found;
  }
  return {};
}

// A value is as it was, or it is not: rotated, in whatever way, it is a mistake.
Identification as_value(Identification found) {
  for (Explanation& one : found.explanations) {
    const bool unrotated = std::any_of(one.deviations.begin(), one.deviations.end(), [](const Deviation& d) { return d.kind == "unrotated"; });
    if (unrotated) {
      one.deviations.clear();
    } else {
      one.deviations.insert(one.deviations.begin(), {"R7", "values_rotated", "to_values", "to_queries_and_keys"});
    }
  }
  return found;
}

// Coordinates of a head up to the last that changed, which are those that were rotated.
std::size_t changed_part(const RotaryPairs& pairs, std::size_t head) {
  std::size_t changed = 0;
  for (std::size_t i = 0; i < pairs.rotated.size(); ++i) {
    const double from = pairs.before.data()[i];
    if (!(std::abs(pairs.rotated.data()[i] - from) <= 1e-6 * std::abs(from))) changed = std::max(changed, i % head + 1);
  }
  return changed + changed % 2;
}

std::vector<RotaryVariant> forms_of(const RotaryPairs& pairs) {
  std::vector<RotaryVariant> forms;
  for (const bool unsplit : {false, true}) {
    if (unsplit && pairs.heads == 1) continue;
    const std::size_t head = unsplit ? pairs.width : pairs.width / pairs.heads;
    std::vector<std::size_t> parts = {head, head / 2, head / 4, changed_part(pairs, head)};
    std::sort(parts.begin(), parts.end(), std::greater<>());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    for (const std::size_t r : parts) {
      if (r < 2 || r % 2 == 1) continue;
      for (const RotaryExponent exponent : {RotaryExponent::rotary_dim, RotaryExponent::head_dim}) {
        if (r == head && exponent == RotaryExponent::head_dim) continue;
        for (const RotaryPairing pairing : {RotaryPairing::half_split, RotaryPairing::interleaved}) {
          for (const bool clockwise : {false, true}) {
            RotaryVariant v;
            v.options.head_dim = head;
            v.options.rotary_dim = r;
            v.options.exponent = exponent;
            v.options.pairing = pairing;
            v.options.clockwise = clockwise;
            v.unsplit = unsplit;
            forms.push_back(v);
          }
        }
      }
    }
  }
  forms.push_back(forms.front());
  forms.back().identity = true;
  return forms;
}

// Cosines and sines as what becomes of (1, 0) in every pair of this pairing, and of 0 in what is not rotated;
// empty if the two columns of a pair do not have the same angle.
std::vector<Tensor<double>> turned_units(const Tensor<double>& cosines, const Tensor<double>& sines, RotaryPairing pairing, std::size_t head_dim) {
  const std::size_t r = cosines.shape(1);
  Tensor<double> before = filled<double>({cosines.shape(0), head_dim}, 0), rotated = before;
  for (std::size_t i = 0; i < cosines.shape(0); ++i) {
    for (std::size_t j = 0; j < r / 2; ++j) {
      const std::size_t a = pairing == RotaryPairing::interleaved ? 2 * j : j, b = pairing == RotaryPairing::interleaved ? 2 * j + 1 : j + r / 2;
      if (cosines(i, a) != cosines(i, b) || sines(i, a) != sines(i, b)) return {};
      before(i, a) = 1;
      rotated(i, a) = cosines(i, a);
      rotated(i, b) = sines(i, a);
    }
  }
  return {before, rotated};
}

}  // namespace

std::vector<Deviation> deviations_of(const RotaryVariant& v) {
  const RopeOptions& o = v.options;
  std::vector<Deviation> found;
  if (v.identity) return {{"", "unrotated"}};
  if (o.pairing == RotaryPairing::interleaved) found.push_back({"R1", "interleaved"});
  if (o.clockwise) found.push_back({"R2", "clockwise"});
  if (o.base != 10000) found.push_back({"R3", "base", short_number(o.base), "10000", true});
  if (o.factor != 1) found.push_back({"R3", o.scaling == RotaryScaling::ntk ? "ntk_scaling" : "linear_scaling", short_number(o.factor), "1"});
  if (o.rotary_dim < o.head_dim) found.push_back({"", "partial", std::to_string(o.rotary_dim), std::to_string(o.head_dim)});
  if (o.exponent == RotaryExponent::head_dim && o.rotary_dim < o.head_dim) {
    found.push_back({"R4", "head_exponent", std::to_string(o.head_dim), std::to_string(o.rotary_dim)});
  }
  if (o.offset > 0) found.push_back({"R5", "offset", std::to_string(o.offset), "0"});
  if (v.unsplit) found.push_back({"R7", "unsplit", "before_split", "after_split"});
  return found;
}

std::vector<Deviation> deviations_of(const RopeOptions& options) {
  RotaryVariant v;
  v.options = checked(options);
  return deviations_of(v);
}

Identification identify_rope(const Tensor<double>& rotated, const Tensor<double>& before, std::size_t heads, RotaryRole role) {
  const Shape shape = shape_of(rotated);
  if (shape.size() < 2 || rotated.size() == 0 || shape != shape_of(before)) {
    throw ShapeError("table", "expected two tensors (…, L, D) of one shape, found " + to_string(shape) + " and " + to_string(shape_of(before)));
  }
  const std::size_t width = shape.back();
  if (heads == 0 || width % heads != 0 || (width / heads) % 2 != 0) {
    throw ShapeError("head count", "expected heads of an even size, found " + std::to_string(heads) + " heads in a width of " + std::to_string(width));
  }
  const RotaryPairs pairs{rotated, before, shape[shape.size() - 2], width, rotated.size() / width, heads};
  Identification found = identify_forms(pairs, forms_of(pairs));
  if (role == RotaryRole::value) return as_value(std::move(found));
  if (found.explanations.empty()) return identify_normalised_rope(pairs);
  found.cannot_tell.push_back({{"R7", "norm_of_ones"}, true});
  found.cannot_tell.push_back({{"R7", "values"}, true});
  return found;
}

Identification identify_rope_tables(const Tensor<double>& cosines, const Tensor<double>& sines, std::size_t head_dim) {
  const Shape shape = shape_of(cosines);
  if (shape.size() != 2 || shape != shape_of(sines) || cosines.size() == 0 || shape[1] % 2 != 0 || head_dim < shape[1]) {
    throw ShapeError("tables", "expected cosines and sines (L, r) of one shape, r even and at most " + std::to_string(head_dim) + ", found " +
                                   to_string(shape) + " and " + to_string(shape_of(sines)));
  }
  for (const RotaryPairing pairing : {RotaryPairing::half_split, RotaryPairing::interleaved}) {
    const std::vector<Tensor<double>> turned = turned_units(cosines, sines, pairing, head_dim);
    if (turned.empty()) continue;
    const RotaryPairs pairs{turned[1], turned[0], shape[0], head_dim, shape[0], 1};
    std::vector<RotaryVariant> forms;
    for (const RotaryVariant& form : forms_of(pairs)) {
      if (form.options.pairing == pairing && form.options.rotary_dim == shape[1] && !form.identity) forms.push_back(form);
    }
    Identification found = identify_forms(pairs, forms);
    if (!found.explanations.empty()) return found;
  }
  return {};
}

}  // namespace attn::posenc
