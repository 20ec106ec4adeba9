#include <attn/error.hpp>
#include <attn/verify/posenc_base.hpp>
#include <attn/verify/posenc_numbers.hpp>
#include <attn/verify/posenc_rope.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

namespace attn::posenc {
namespace {

constexpr std::size_t rows_for_phase = 64;

constexpr double usual_bases[] = {10000, 500000, 1000000};
constexpr double usual_factors[] = {2, 3, 4, 8, 16, 32, 64};

// What base_candidates() is to look at: how far the pairs of the first head turn, from row to row of the
// first sample.
std::vector<double> bases_of(const RotaryPairs& pairs, const RotaryVariant& v) {
  const std::size_t r = v.options.rotary_dim;
  const bool interleaved = v.options.pairing == RotaryPairing::interleaved;
  const double width = static_cast<double>(v.options.exponent == RotaryExponent::head_dim ? v.options.head_dim : r);
  std::vector<PairTurn> turns;
  for (const std::size_t j : pairs_for_base(r / 2)) {
    const std::size_t a = interleaved ? 2 * j : j, b = interleaved ? 2 * j + 1 : j + r / 2;
    const auto before = [&](std::size_t row) { return pairs.before.data() + row * pairs.width; };
    const auto size = [&](std::size_t row) { return std::hypot(before(row)[a], before(row)[b]); };
    const auto turned = [&](std::size_t row) {
      const double* const to = pairs.rotated.data() + row * pairs.width;
      return (std::atan2(to[b], to[a]) - std::atan2(before(row)[b], before(row)[a])) * (v.options.clockwise ? -1 : 1);
    };
    for (const std::size_t row : rows_for_base(pairs.len)) {
      const double smaller = std::min(size(row), size(0));
      turns.push_back({2 * static_cast<double>(j) / width, static_cast<double>(row), turned(row) - turned(0), smaller * smaller});
    }
  }
  std::vector<double> bases = base_candidates(turns);
  bases.insert(bases.end(), std::begin(usual_bases) + 1, std::end(usual_bases));  // few rows in half precision are off by more than a digit
  return bases;
}

// How far the first pair of the first head turned before row 0, from the row in which that pair is longest.
struct Phase {
  double angle, size;
};
Phase phase_of(const RotaryPairs& pairs, const RotaryVariant& v) {
  const std::size_t a = 0, b = v.options.pairing == RotaryPairing::interleaved ? 1 : v.options.rotary_dim / 2;
  Phase best{0, 0};
  for (std::size_t row = 0; row < std::min(pairs.len, rows_for_phase); ++row) {
    const double* const from = pairs.before.data() + row * pairs.width;
    const double* const to = pairs.rotated.data() + row * pairs.width;
    const double size = std::hypot(from[a], from[b]);
    if (!(size > best.size)) continue;
    const double turned = std::atan2(to[b], to[a]) - std::atan2(from[b], from[a]);
    best = {(v.options.clockwise ? -turned : turned) - static_cast<double>(row), size};
  }
  return best;
}

// The first offset, from 0 in both directions, at which the rows fit; true if there is one.
bool try_offsets(const RotaryPairs& pairs, RotaryVariant v, const TypeTolerance& tolerance, std::vector<Explanation>& fitting) {
  const std::vector<Frequency> frequencies = rope_frequencies(v.options);
  const Phase phase = phase_of(pairs, v);
  const double limit = 4 * (tolerance.computed.unit + tolerance.computed.per_step + tolerance.storing(phase.size) / phase.size);
  const bool is_known = phase.size > 0;
  for (const std::int64_t first : is_known ? positions_near(phase.angle, limit, 2 * tolerance.computed.per_step) : std::vector<std::int64_t>{0}) {
    v.first = first;
    if (rotation_residual(pairs, v, frequencies, tolerance, 1) == INFINITY) continue;
    const double residual = rotation_residual(pairs, v, frequencies, tolerance, pairs.rows);
    if (residual == INFINITY) continue;
    fitting.push_back({deviations_of(v), residual});
    return true;
  }
  return false;
}

void try_here(const RotaryPairs& pairs, const RotaryVariant& v, const std::vector<Frequency>& frequencies, const TypeTolerance& tolerance,
              std::vector<Explanation>& fitting) {
  const double residual = rotation_residual(pairs, v, frequencies, tolerance, pairs.rows);
  if (residual < INFINITY) fitting.push_back({deviations_of(v), residual});
}

void try_numbers(const RotaryPairs& pairs, RotaryVariant v, const TypeTolerance& tolerance, std::vector<Explanation>& fitting) {
  if (v.identity) return try_here(pairs, v, rope_frequencies(v.options), tolerance, fitting);
  for (const double base : bases_of(pairs, v)) {
    v.options.base = base;
    if (try_offsets(pairs, v, tolerance, fitting)) return;
  }
  for (const RotaryScaling scaling : {RotaryScaling::linear, RotaryScaling::ntk}) {
    for (const double base : usual_bases) {
      for (const double factor : usual_factors) {
        if (scaling == RotaryScaling::ntk && v.options.rotary_dim == 2) continue;
        v.options.base = base;
        v.options.scaling = scaling;
        v.options.factor = factor;
        try_here(pairs, v, rope_frequencies(v.options), tolerance, fitting);
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
  if (pairs.len == 1 || pairs.width / pairs.heads == 2) add({"R3", "any_base"}, true);
  if (!is_partial) add({"R4", "head_exponent_of_all"}, false);
  if (pairs.heads == 1) add({"R7", "unsplit_one_head"}, false);
}

// Half precision in the angles or the tables.
void try_half_precision(const RotaryPairs& pairs, RotaryVariant v, const TypeTolerance& tolerance, std::vector<Explanation>& fitting) {
  if (v.identity) return;
  for (const double base : usual_bases) {
    v.options.base = base;
    const std::vector<Frequency> frequencies = rope_frequencies(v.options);
    for (RotaryVariant& half : half_precision_variants(v)) {
      for (half.first = 0; half.first <= 1; ++half.first) try_here(pairs, half, frequencies, tolerance, fitting);
    }
  }
}

// Everything in float32 at least; then half precision in the angles or tables only, which is reproduced bit
// by bit; then in every operation (R6).
Identification identify_by_type(const RotaryPairs& pairs, const std::vector<RotaryVariant>& forms) {
  std::vector<Explanation> fitting;
  const std::vector<TypeTolerance> tolerances = tolerances_of(pairs.rotated);
  for (const TypeTolerance& tolerance : tolerances) {
    for (const RotaryVariant& form : forms) try_numbers(pairs, form, tolerance, fitting);
    if (!fitting.empty()) return simplest(std::move(fitting), tolerance.name());
  }
  for (const TypeTolerance& tolerance : tolerances) {
    for (const RotaryVariant& form : forms) try_half_precision(pairs, form, tolerance, fitting);
    if (!fitting.empty()) return simplest(std::move(fitting), tolerance.name());
  }
  for (const RoundingClass& type : {rounding_classes()[2], rounding_classes()[3]}) {
    const bool holds = std::any_of(tolerances.begin(), tolerances.end(), [&type](const TypeTolerance& one) { return one.name() == type.name; });
    if (!holds) continue;
    for (const RotaryVariant& form : forms) try_numbers(pairs, form, {type}, fitting);
    for (Explanation& one : fitting) one.deviations.push_back({"R6", "half_rotation", type.name, "float32"});
    for (const RotaryVariant& form : forms) try_half_precision(pairs, form, {type}, fitting);
    if (!fitting.empty()) return simplest(std::move(fitting), type.name);
  }
  return {};
}

Identification identify_forms(const RotaryPairs& pairs, const std::vector<RotaryVariant>& forms) {
  Identification found = identify_by_type(pairs, forms);
  add_unseen(pairs, found);
  return found;
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
    if (found.explanations.empty()) continue;
    const bool is_half = found.rounding == "float16" || found.rounding == "bfloat16";
    for (Explanation& one : found.explanations) {
      const bool is_named = std::any_of(one.deviations.begin(), one.deviations.end(), [](const Deviation& d) { return d.id == "R6"; });
      if (is_half && !is_named) one.deviations.push_back({"R6", "half_rotation", found.rounding, "float32"});
    }
    return found;
  }
  return {};
}

}  // namespace attn::posenc
