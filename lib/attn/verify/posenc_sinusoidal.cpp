#include <attn/error.hpp>
#include <attn/ops/position_precision.hpp>
#include <attn/verify/posenc_base.hpp>
#include <attn/verify/posenc_variant.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace attn::posenc {
namespace {

constexpr std::uint64_t farthest_offset = 4096;
constexpr std::size_t rows_for_amplitude = 64;

// Every whole number up to here is one of the type, so that rounded positions show only beyond.
constexpr std::size_t exact_in_bfloat16 = 256, exact_in_float16 = 2048;

// One table a sample; usually there is one sample. `magnitude`: of what was subtracted from it, in whose
// last digits it carries rounding.
struct Table {
  const Tensor<double>& values;
  std::size_t batch, len, width;
  double magnitude = 0;

  double at(std::size_t i, std::size_t c) const { return values.data()[i * width + c]; }
  double unit(const RoundingClass& allowed) const { return allowed.unit * (1 + magnitude); }
};

// The largest difference in the first `rows` rows of every sample from a variant that starts at `offset`, or
// infinity as soon as one is beyond what the class allows.
double residual_of(const Table& table, const VariantRows& ours, double scale, std::uint64_t offset, const RoundingClass& allowed, std::size_t rows) {
  double largest = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const double position = static_cast<double>(offset + i);
    for (std::size_t c = 0; c < table.width; ++c) {
      const double want = ours.at(offset + i, c);
      const double limit = std::abs(scale) * (table.unit(allowed) + allowed.per_step * position * ours.omega(c));
      for (std::size_t b = 0; b < table.batch; ++b) {
        const double difference = std::abs(table.at(b * table.len + i, c) - want);
        if (!(difference <= limit)) return INFINITY;
        largest = std::max(largest, difference);
      }
    }
  }
  return largest;
}

// √(sin² + cos²) of the pairs, which every variant but E5 keeps constant; 0 if it varies in the first rows.
double amplitude_of(const Table& table, PairOrder order) {
  const std::size_t sines = (table.width + 1) / 2;
  double least = INFINITY, most = 0;
  for (std::size_t j = 0; j < table.width / 2; ++j) {
    const std::size_t first = order == PairOrder::interleaved ? 2 * j : j;
    const std::size_t second = order == PairOrder::interleaved ? 2 * j + 1 : sines + j;
    for (std::size_t i = 0; i < std::min(table.len, rows_for_amplitude); ++i) {
      const double amplitude = std::hypot(table.at(i, first), table.at(i, second));
      least = std::min(least, amplitude);
      most = std::max(most, amplitude);
    }
  }
  return most - least < 0.02 * most ? (least + most) / 2 : 0;
}

std::vector<double> scales_of(const Table& table, PairOrder order) {
  const double root = std::sqrt(static_cast<double>(table.width));
  const double amplitude = amplitude_of(table, order);
  if (std::abs(amplitude - 1) < 0.02 || amplitude == 0) return {1};
  for (const double known : {root, 1 / root, root * root}) {
    if (std::abs(amplitude / known - 1) < 0.02) return {known};
  }
  return {amplitude};
}

// The exponent of pair j, or nothing where sine and cosine have exponents of their own.
std::optional<double> exponent_of(const SinusoidalVariant& v, std::size_t j) {
  const double width = static_cast<double>(v.width), pair = static_cast<double>(j);
  switch (v.exponents) {
    case Exponents::published: return 2 * pair / width;
    case Exponents::width_minus_2: return pair / std::max(1.0, std::floor(width / 2) - 1);
    case Exponents::doubled: return 4 * pair / width;
    default: return std::nullopt;
  }
}

// What base_candidates() is to look at; rows count from the table's first, whatever its position.
std::vector<double> bases_of(const Table& table, const SinusoidalVariant& v) {
  std::vector<PairTurn> turns;
  const std::size_t columns = v.zero_last ? table.width - 1 : table.width;
  for (const std::size_t j : pairs_for_base(columns / 2)) {
    const std::optional<double> exponent = exponent_of(v, j);
    if (!exponent) break;
    std::size_t sine = v.order == PairOrder::interleaved ? 2 * j : j;
    std::size_t cosine = v.order == PairOrder::interleaved ? 2 * j + 1 : (columns + 1) / 2 + j;
    if (v.cosine_first) std::swap(sine, cosine);
    const auto angle = [&](std::size_t row) { return std::atan2(table.at(row, sine), table.at(row, cosine)); };
    for (const std::size_t row : rows_for_base(table.len)) turns.push_back({*exponent, static_cast<double>(row), angle(row) - angle(0)});
  }
  return base_candidates(turns);
}

// sin(p) and cos(p) of every position that is tried as the first.
const std::vector<SinCos<double>>& first_angles() {
  static const std::vector<SinCos<double>> angles = [] {
    const Frequency one(10000, 0, 1);
    std::vector<SinCos<double>> result;
    for (std::uint64_t p = 0; p <= farthest_offset; ++p) result.push_back(one.at<double>(static_cast<std::int64_t>(p)));
    return result;
  }();
  return angles;
}

// Positions at which row 0 may be, at most three. A column that turns by one radian a position, which nearly
// every variant has, rules most of them out.
std::vector<std::uint64_t> offsets_of(const Table& table, const VariantRows& ours, double scale, const RoundingClass& allowed) {
  std::vector<std::uint64_t> offsets;
  std::size_t fast = 0;
  while (fast < table.width && ours.omega(fast) != 1) ++fast;
  const bool has_fast = table.width > 1 && fast < table.width;
  for (std::uint64_t offset = 0; offset <= farthest_offset && offsets.size() < 3; ++offset) {
    if (has_fast) {
      const SinCos<double>& angle = first_angles()[offset];
      const double limit = std::abs(scale) * (table.unit(allowed) + allowed.per_step * static_cast<double>(offset));
      if (!(std::abs(table.at(0, fast) - scale * (ours.is_cosine(fast) ? angle.cos : angle.sin)) <= limit)) continue;
    }
    if (residual_of(table, ours, scale, offset, allowed, 1) < INFINITY) offsets.push_back(offset);
  }
  return offsets;
}

// Every layout, order, rule and width; numbers (base, offset, scale) are fitted for each.
std::vector<SinusoidalVariant> forms_of(std::size_t columns) {
  std::vector<SinusoidalVariant> forms;
  std::vector<std::size_t> widths = {columns, columns + 1};
  if (columns % 2 == 1 && columns > 1) widths.push_back(columns - 1);
  for (const PairOrder order : {PairOrder::interleaved, PairOrder::concatenated}) {
    for (const bool cosine_first : {false, true}) {
      for (const Exponents exponents : {Exponents::published, Exponents::width_minus_2, Exponents::doubled, Exponents::own_cosine, Exponents::by_column}) {
        for (const std::size_t width : widths) {
          for (const bool zero_last : {false, true}) {
            if (zero_last && columns % 2 == 0) continue;
            // d - 2 is about whole pairs, which a dropped column does not change.
            if (exponents == Exponents::width_minus_2 && columns % 2 == 0 && width != columns) continue;
            SinusoidalVariant v;
            v.order = order;
            v.cosine_first = cosine_first;
            v.exponents = exponents;
            v.width = width;
            v.zero_last = zero_last;
            forms.push_back(v);
          }
        }
      }
    }
  }
  return forms;
}

void try_numbers(const Table& table, SinusoidalVariant v, const RoundingClass& allowed, std::vector<Explanation>& fitting) {
  for (const double scale : scales_of(table, v.order)) {
    v.scale = scale;
    for (const double base : bases_of(table, v)) {
      v.base = base;
      const VariantRows ours(v, table.width);
      bool found = false;
      for (const std::uint64_t offset : offsets_of(table, ours, scale, allowed)) {
        v.offset = offset;
        const double residual = residual_of(table, ours, scale, offset, allowed, table.len);
        if (residual == INFINITY) continue;
        fitting.push_back({deviations_of(v, table.width), residual});
        found = true;
      }
      if (found) break;  // a shorter spelling of the base is enough
    }
  }
}

// Half precision, reproduced bit by bit: only so can a rounded angle be told from a rounded result.
Identification half_precision_fits(const Table& table) {
  struct Stored {
    const char* name;
    float (*round)(double);
  };
  const RoundingClass& exact = rounding_classes()[1];
  for (const Stored& stored : {Stored{"float16", rounded_to_float16}, Stored{"bfloat16", rounded_to_bfloat16}, Stored{"float32", nullptr}}) {
    std::vector<Explanation> fitting;
    for (const Angle angle : {Angle::exact, Angle::float16, Angle::float16_product, Angle::float16_position, Angle::bfloat16,
                              Angle::bfloat16_product, Angle::bfloat16_position}) {
      for (SinusoidalVariant form : forms_of(table.width)) {
        form.angle = angle;
        form.rounded_result = stored.round;
        const VariantRows ours(form, table.width);
        for (const std::uint64_t offset : {0u, 1u}) {
          form.offset = offset;
          const double residual = residual_of(table, ours, 1, offset, exact, table.len);
          if (residual < INFINITY) fitting.push_back({deviations_of(form, table.width), residual});
        }
      }
    }
    if (!fitting.empty()) return simplest(std::move(fitting), stored.name);
  }
  return {};
}

Identification identify_matrix(const Table& table) {
  for (const RoundingClass& allowed : rounding_classes()) {
    std::vector<Explanation> fitting;
    for (const SinusoidalVariant& form : forms_of(table.width)) try_numbers(table, form, allowed, fitting);
    if (!fitting.empty()) return simplest(std::move(fitting), allowed.name);
    if (allowed.name != "float32") continue;
    Identification half = half_precision_fits(table);  // before a coarser type is allowed
    if (!half.explanations.empty()) return half;
  }
  return {};
}

// Whether every row of sample b is, to rounding, its first one.
bool rows_are_equal(const Table& table, std::size_t b) {
  const double limit = 1e-6 * (1 + table.magnitude);
  for (std::size_t i = 1; i < table.len; ++i) {
    for (std::size_t c = 0; c < table.width; ++c) {
      if (!(std::abs(table.at(b * table.len + i, c) - table.at(b * table.len, c)) <= limit)) return false;
    }
  }
  return table.len > 1;
}

// Which row of a variant's table row 0 of sample b is, if any.
std::optional<std::uint64_t> position_of_row(const Table& table, std::size_t b, const VariantRows& ours) {
  Tensor<double> row = empty<double>({table.width});
  std::copy_n(table.values.data() + b * table.len * table.width, table.width, row.data());
  const Table one{row, 1, 1, table.width, table.magnitude};
  for (const RoundingClass& allowed : rounding_classes()) {
    const std::vector<std::uint64_t> offsets = offsets_of(one, ours, 1, allowed);
    if (!offsets.empty()) return offsets.front();
  }
  return std::nullopt;
}

// Every sample repeats one row of this variant's table: an index instead of a slice, or the batch axis taken
// for the positions.
void try_constant(const Table& table, const SinusoidalVariant& form, std::vector<Explanation>& fitting) {
  const VariantRows ours(form, table.width);
  const std::optional<std::uint64_t> first = position_of_row(table, 0, ours);
  if (!first) return;
  bool is_batch = true, is_one = true;
  for (std::size_t b = 0; b < table.batch; ++b) {
    const std::optional<std::uint64_t> row = position_of_row(table, b, ours);
    is_batch = is_batch && row == b;
    is_one = is_one && row == first;
  }
  const auto add = [&](Deviation constant) {
    Explanation one{{}};
    if (form.order == PairOrder::concatenated) one.deviations.push_back({"E2", "concatenated"});
    one.deviations.push_back(std::move(constant));
    if (form.cosine_first) one.deviations.push_back({"E12", "cosine_first"});
    fitting.push_back(std::move(one));
  };
  if (is_one) add({"E9", "one_row", std::to_string(*first), ""});
  if (is_batch) add({"E8", table.batch > 1 ? "batch_axis" : "batch_of_one"});
}

Identification identify_constant(const Table& table) {
  std::vector<Explanation> fitting;
  for (const PairOrder order : {PairOrder::interleaved, PairOrder::concatenated}) {
    for (const bool cosine_first : {false, true}) {
      SinusoidalVariant form;
      form.order = order;
      form.cosine_first = cosine_first;
      form.width = table.width;
      try_constant(table, form, fitting);
    }
  }
  return simplest(std::move(fitting), "float64");
}

// What no table of this form can show, unless it is already spoken of.
void add_unseen(const Table& table, Identification& found) {
  if (found.explanations.empty()) return;
  const auto add = [&found](Deviation deviation, bool possible) {
    const std::vector<Deviation>& first = found.explanations.front().deviations;
    const auto is_same = [&deviation](const Deviation& other) { return other.id == deviation.id; };
    if (std::none_of(first.begin(), first.end(), is_same)) found.cannot_tell.push_back({std::move(deviation), possible});
  };
  if (table.width % 2 == 0) add({"E1", "odd_width"}, false);
  const std::vector<Deviation>& first = found.explanations.front().deviations;
  const bool begins_at_0 = std::none_of(first.begin(), first.end(), [](const Deviation& one) { return one.kind == "offset"; });
  if (table.width < 4 || (table.len == 1 && begins_at_0)) add({"E6", "any_base"}, true);
  if (table.len == 1) add({"E8", "batch_of_one"}, true);
  if (table.len == 1) add({"E9", "one_row_of_one"}, true);
  if (table.magnitude == 0) add({"E10", "embedding_scale"}, false);
  if (table.len <= exact_in_bfloat16) {
    add({"E11", "near_half_positions", "bfloat16 (256), float16 (2048)"}, true);
  } else if (table.len <= exact_in_float16) {
    add({"E11", "near_half_positions", "float16 (2048)"}, true);
  }
}

Table table_of(const Tensor<double>& values, double magnitude) {
  const Shape shape = shape_of(values);
  if ((shape.size() != 2 && shape.size() != 3) || values.size() == 0) {
    throw ShapeError("table", "expected (L, d) or (B, L, d) with elements, found shape " + to_string(shape));
  }
  return {values, shape.size() == 3 ? shape[0] : 1, shape[shape.size() - 2], shape.back(), magnitude};
}

Identification identify_table(const Table& table) {
  bool constant = true;
  for (std::size_t b = 0; b < table.batch && constant; ++b) constant = rows_are_equal(table, b);
  if (constant) return identify_constant(table);
  Identification found = identify_matrix(table);
  add_unseen(table, found);
  return found;
}

double largest_magnitude(const Tensor<double>& x) {
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x.data()[i]));
  return largest;
}

}  // namespace

Identification identify_sinusoidal(const Tensor<double>& values) { return identify_table(table_of(values, 0)); }

Identification identify_sum(const Tensor<double>& sum, const Tensor<double>& x) {
  if (shape_of(sum) != shape_of(x)) throw ShapeError("sum", "has shape " + to_string(shape_of(sum)) + ", and X " + to_string(shape_of(x)));
  if (x.dimension() == 0) throw ShapeError("sum", "expected a table, found a single number");
  const double root = std::sqrt(static_cast<double>(x.shape().back()));
  Tensor<double> rest = sum;
  for (const double factor : {1.0, root, 1 / root, root * root, 0.0}) {
    for (std::size_t i = 0; i < x.size(); ++i) rest.data()[i] = sum.data()[i] - factor * x.data()[i];
    Identification found = identify_table(table_of(rest, std::max(1.0, factor) * largest_magnitude(x)));
    if (found.explanations.empty()) continue;
    const Deviation scale{"E10", factor == 0 ? "input_missing" : "input_scaled", factor_text(factor, x.shape().back()), "1"};
    for (Explanation& one : found.explanations) {
      if (factor != 1) one.deviations.push_back(scale);
    }
    return found;
  }
  return {};
}

}  // namespace attn::posenc
