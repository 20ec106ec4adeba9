#include <attn/verify/posenc_forms.hpp>
#include <attn/verify/posenc_nearest.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {
namespace {

// Rows of each sample that are compared to find the nearest form, and cells that are shown.
constexpr std::size_t rows_compared = 64, most_shown = 3;

// Differences this small, relative to the numbers, are not called wrong.
constexpr double rounding = 1e-5;

double median_difference(const RowTable& table, const VariantRows& ours, std::int64_t first) {
  std::vector<double> differences;
  for (std::size_t b = 0; b < table.batch; ++b) {
    for (std::size_t i = 0; i < std::min(table.len, rows_compared); ++i) {
      for (std::size_t c = 0; c < table.width; ++c) {
        differences.push_back(std::abs(table.at(b * table.len + i, c) - ours.at(first + static_cast<std::int64_t>(i), c)));
      }
    }
  }
  const auto middle = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
  std::nth_element(differences.begin(), middle, differences.end());
  return *middle;
}

void add_worst(Nearest& nearest, const WrongCell& cell) {
  const auto difference = [](const WrongCell& one) { return std::abs(one.theirs - one.ours); };
  const auto smaller = std::find_if(nearest.worst.begin(), nearest.worst.end(), [&](const WrongCell& one) { return difference(one) < difference(cell); });
  nearest.worst.insert(smaller, cell);
  if (nearest.worst.size() > most_shown) nearest.worst.pop_back();
}

void count_cells(const RowTable& table, const SinusoidalVariant& v, const TypeTolerance& tolerance, Nearest& nearest) {
  const VariantRows ours(v, table.width);
  for (std::size_t row = 0; row < table.batch * table.len; ++row) {
    for (std::size_t c = 0; c < table.width; ++c) {
      const double theirs = table.at(row, c), want = ours.at(v.offset + static_cast<std::int64_t>(row % table.len), c);
      nearest.cells += 1;
      if (std::abs(theirs - want) <= rounding * (1 + table.magnitude) + table.storing(row, c, want, 1, tolerance)) continue;
      nearest.wrong += 1;
      add_worst(nearest, {row, c, theirs, want});
    }
  }
}

std::string special_of(const RowTable& table) {
  const std::size_t cells = table.batch * table.len * table.width;
  if (std::any_of(table.values, table.values + cells, [](double x) { return !std::isfinite(x); })) return "not_finite";
  const bool is_zero = std::all_of(table.values, table.values + cells, [](double x) { return x == 0; });
  return !is_zero ? "" : table.sum ? "unchanged" : "zero";
}

}  // namespace

Nearest nearest_variant(const RowTable& table, const TypeTolerance& tolerance) {
  Nearest nearest;
  nearest.special = special_of(table);
  if (!nearest.special.empty()) return nearest;
  SinusoidalVariant best;
  nearest.median = INFINITY;
  for (SinusoidalVariant form : sinusoidal_forms(table.width)) {
    const VariantRows ours(form, table.width);
    for (form.offset = 0; form.offset <= 1; ++form.offset) {
      const double median = median_difference(table, ours, form.offset);
      if (median >= nearest.median) continue;
      nearest.median = median;
      best = form;
    }
  }
  nearest.deviations = deviations_of(best, table.width);
  count_cells(table, best, tolerance, nearest);
  return nearest;
}

}  // namespace attn::posenc
