#include <attn/error.hpp>
#include <attn/verify/posenc_forms.hpp>
#include <attn/verify/posenc_half.hpp>
#include <attn/verify/posenc_nearest.hpp>
#include <attn/verify/posenc_numbers.hpp>
#include <attn/verify/posenc_table.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace attn::posenc {
namespace {

// Every whole number up to here is one of the type, so that rounded positions show only beyond.
constexpr std::size_t exact_in_bfloat16 = 256, exact_in_float16 = 2048;

double residual_of(const RowTable& table, const SinusoidalVariant& v, const TypeTolerance& tolerance) {
  return table_residual(table, VariantRows(v, table.width), v, tolerance, table.len);
}

// Whether a number in the same place, half a unit of its last decimal digit off, fits as well. Half precision has
// always some that do.
bool is_approximate(const RowTable& table, SinusoidalVariant v, double SinusoidalVariant::*number, const TypeTolerance& tolerance) {
  if (tolerance.stored) return true;
  const double found = v.*number, step = half_last_digit(found);
  for (const double other : {found + step, found - step}) {
    v.*number = other;
    if ((number != &SinusoidalVariant::base || other >= 1) && residual_of(table, v, tolerance) < INFINITY) return true;
  }
  return false;
}

// The first base, in the order of base_candidates(), at which some first position fits: a shorter spelling is
// enough.
bool try_bases(const RowTable& table, SinusoidalVariant v, const TypeTolerance& tolerance, PositionsNear& known, std::vector<Explanation>& fitting) {
  for (const double base : base_candidates(table, VariantRows(v, table.width), v, tolerance)) {
    v.base = base;
    const VariantRows ours(v, table.width);
    bool found = false;
    for (const std::int64_t first : first_positions(table, ours, v, tolerance, known)) {
      v.offset = first;
      const double residual = table_residual(table, ours, v, tolerance, table.len);
      if (residual == INFINITY) continue;
      v.base_is_approximate = !is_round(v.base) && is_approximate(table, v, &SinusoidalVariant::base, tolerance);
      const bool is_free_scale = !is_round(v.scale) && factor_text(v.scale, table.width).find("√") == std::string::npos;
      v.scale_is_approximate = is_free_scale && is_approximate(table, v, &SinusoidalVariant::scale, tolerance);
      fitting.push_back({deviations_of(v, table.width), residual});
      found = true;
    }
    if (found) return true;
    v.offset = 0;
  }
  return false;
}

std::vector<Explanation> fits(const RowTable& table, const TypeTolerance& tolerance, double sign) {
  std::vector<Explanation> fitting;
  PositionsNear known;
  for (SinusoidalVariant form : sinusoidal_forms(table.width)) {
    const VariantRows usual(form, table.width);
    if (!may_turn(table, usual, tolerance)) continue;
    for (const double scale : scale_candidates(table, usual, form.order, tolerance)) {
      form.scale = sign * scale;
      if (try_bases(table, form, tolerance, known, fitting)) break;
    }
  }
  return fitting;
}

bool has_fitted_number(const Explanation& one) {
  return std::any_of(one.deviations.begin(), one.deviations.end(), [](const Deviation& d) { return d.freedom == Freedom::number; });
}

// Exact angles first: what they explain is not called rounded, unless a number had to be fitted.
Identification identify_matrix(const RowTable& table, const std::vector<TypeTolerance>& tolerances) {
  for (const double sign : {1.0, -1.0}) {
    for (const TypeTolerance& tolerance : tolerances) {
      std::vector<Explanation> fitting = fits(table, tolerance, sign);
      if (fitting.empty()) continue;
      // A number fitted to the looser float32 explains less than half precision, which holds all the numbers.
      const bool is_doubtful = &tolerance != &tolerances.back() && tolerances.back().stored;
      if (is_doubtful && std::all_of(fitting.begin(), fitting.end(), has_fitted_number)) continue;
      if (tolerance.stored && std::all_of(fitting.begin(), fitting.end(), has_fitted_number)) {
        for (Explanation& one : identify_half_angles(table, tolerances).explanations) fitting.push_back(std::move(one));
      }
      return simplest(std::move(fitting), tolerance.name());
    }
    Identification half = identify_half_angles(table, tolerances);
    if (!half.explanations.empty()) return half;
  }
  return {};
}

// In the order of the catalogue.
void insert(std::vector<Deviation>& deviations, Deviation one) {
  const auto after = std::find_if(deviations.begin(), deviations.end(), [](const Deviation& d) { return d.id.size() > 2; });
  deviations.insert(after, std::move(one));
}

// One row for all: which one, of the usual table and its layouts, or of every other variant.
std::vector<Explanation> row_fits(const RowTable& row, const TypeTolerance& tolerance, bool every_variant) {
  std::vector<Explanation> fitting;
  PositionsNear known;
  for (SinusoidalVariant v : sinusoidal_forms(row.width)) {
    const bool is_layout = v.exponents == Exponents::published && v.width == row.width && !v.zero_last;
    if (!every_variant && !is_layout) continue;
    const VariantRows usual(v, row.width);
    for (const double base : every_variant ? base_candidates(row, usual, v, tolerance) : std::vector<double>{10000}) {
      v.base = base;
      const VariantRows ours(v, row.width);
      for (const std::int64_t first : first_positions(row, ours, v, tolerance, known)) {
        v.offset = first;
        const double residual = table_residual(row, ours, v, tolerance, 1);
        v.offset = 0;
        Explanation one{deviations_of(v, row.width), residual};
        insert(one.deviations, {"E9", "one_row", std::to_string(first), "", Freedom::round_number});
        fitting.push_back(one);
        if (first != 0) continue;
        one.deviations = deviations_of(v, row.width);
        insert(one.deviations, {"E8", "batch_of_one"});
        fitting.push_back(one);
      }
    }
  }
  return fitting;
}

Identification identify_row(const RowTable& row, const std::vector<TypeTolerance>& tolerances) {
  for (const bool every_variant : {false, true}) {
    for (const TypeTolerance& tolerance : tolerances) {
      std::vector<Explanation> fitting = row_fits(row, tolerance, every_variant);
      if (!fitting.empty()) return simplest(std::move(fitting), tolerance.name());
    }
  }
  return {};
}

// Every sample repeats one row: an index instead of a slice, or the batch axis taken for the positions.
Identification identify_constant(const RowTable& table, const std::vector<TypeTolerance>& tolerances) {
  RowTable samples = table;
  samples.batch = 1;
  samples.len = table.batch;
  samples.step = table.len;
  if (samples.len == 1 || rows_are_equal(samples, tolerances.back())) {
    samples.len = 1;
    return identify_row(samples, tolerances);
  }
  Identification found = identify_matrix(samples, tolerances);
  for (Explanation& one : found.explanations) insert(one.deviations, {"E8", "batch_axis"});
  return found;
}

// What no table of this form can show, unless it is already spoken of.
void add_unseen(const RowTable& table, Identification& found) {
  if (found.explanations.empty()) return;
  const auto add = [&found](Deviation deviation, bool possible) {
    const std::vector<Deviation>& first = found.explanations.front().deviations;
    const auto is_same = [&deviation](const Deviation& other) { return other.id == deviation.id; };
    if (std::none_of(first.begin(), first.end(), is_same)) found.cannot_tell.push_back({std::move(deviation), possible});
  };
  if (table.width % 2 == 0) add({"E1", "odd_width"}, false);
  const std::vector<Deviation>& first = found.explanations.front().deviations;
  const bool begins_at_0 = std::none_of(first.begin(), first.end(), [](const Deviation& one) { return one.kind == "offset"; });
  if (table.width < 3 || (table.len == 1 && begins_at_0)) add({"E6", "any_base"}, true);
  if (table.len == 1) add({"E8", "batch_of_one"}, true);
  if (table.len == 1) add({"E9", "one_row_of_one"}, true);
  if (table.magnitude == 0) add({"E10", "embedding_scale"}, false);
  const std::size_t before = found.cannot_tell.size();
  if (table.len <= exact_in_bfloat16) {
    add({"E11", "near_half_positions", "bfloat16 (256), float16 (2048)"}, true);
  } else if (table.len <= exact_in_float16) {
    add({"E11", "near_half_positions", "float16 (2048)"}, true);
  }
  // Rounded angles show from the first positions on, unless the table itself is of half precision.
  const bool is_precise = found.rounding == "float64" || found.rounding == "float32";
  if (found.cannot_tell.size() > before) found.cannot_tell.back().partial = is_precise;
}

RowTable table_of(const Tensor<double>& values) {
  const Shape shape = shape_of(values);
  if ((shape.size() != 2 && shape.size() != 3) || values.size() == 0) {
    throw ShapeError("table", "expected (L, d) or (B, L, d) with elements, found shape " + to_string(shape));
  }
  // (L, 1, d) is one table: the samples of a batch that comes second.
  if (shape.size() == 3 && shape[1] == 1) return {values.data(), 1, shape[0], shape[2]};
  return {values.data(), shape.size() == 3 ? shape[0] : 1, shape[shape.size() - 2], shape.back()};
}

Identification identify_table(const RowTable& table, const std::vector<TypeTolerance>& tolerances) {
  if (rows_are_equal(table, tolerances.back())) {
    Identification constant = identify_constant(table, tolerances);
    if (!constant.explanations.empty()) return constant;
  }
  Identification found = identify_matrix(table, tolerances);
  add_unseen(table, found);
  return found;
}

double largest_magnitude(const Tensor<double>& x) {
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x.data()[i]));
  return largest;
}

// X and P may both have been multiplied, (X + P) · factor; or only X was.
void add_factor(Explanation& one, double factor, std::size_t columns) {
  const std::string text = factor_text(factor, columns);
  const auto scaled = std::find_if(one.deviations.begin(), one.deviations.end(), [&](const Deviation& d) { return d.kind == "scaled" && d.found == text; });
  if (scaled != one.deviations.end()) {
    *scaled = {"E10", "sum_scaled", text, "1"};
  } else {
    one.deviations.push_back({"E10", factor == 0 ? "input_missing" : "input_scaled", text, "1"});
  }
}

}  // namespace

Identification identify_sinusoidal(const Tensor<double>& values) {
  const RowTable table = table_of(values);
  const std::vector<TypeTolerance> tolerances = tolerances_of(values);
  Identification found = identify_table(table, tolerances);
  if (found.explanations.empty()) found.nearest = nearest_variant(table, tolerances.back());
  return found;
}

Identification identify_sum(const Tensor<double>& sum, const Tensor<double>& x) {
  if (shape_of(sum) != shape_of(x)) throw ShapeError("sum", "has shape " + to_string(shape_of(sum)) + ", and X " + to_string(shape_of(x)));
  if (x.dimension() == 0) throw ShapeError("sum", "expected a table, found a single number");
  const double root = std::sqrt(static_cast<double>(x.shape().back()));
  const std::vector<TypeTolerance> tolerances = tolerances_of(sum);
  Tensor<double> rest = sum;
  RowTable table = table_of(rest);
  table.sum = sum.data();
  table.x = x.data();
  for (const double factor : {1.0, root, 1 / root, root * root, 0.0}) {
    for (std::size_t i = 0; i < x.size(); ++i) rest.data()[i] = sum.data()[i] - factor * x.data()[i];
    table.factor = factor;
    table.magnitude = std::max(1.0, factor) * largest_magnitude(x);
    Identification found = identify_table(table, tolerances);
    if (found.explanations.empty()) continue;
    for (Explanation& one : found.explanations) {
      if (factor != 1) add_factor(one, factor, x.shape().back());
    }
    return found;
  }
  for (std::size_t i = 0; i < x.size(); ++i) rest.data()[i] = sum.data()[i] - x.data()[i];
  table.factor = 1;
  Identification nothing;
  nothing.nearest = nearest_variant(table, tolerances.back());
  return nothing;
}

}  // namespace attn::posenc
