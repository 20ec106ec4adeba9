#include <attn/ops/position.hpp>

#include <attn/error.hpp>
#include <attn/ops/wide_vectors.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>

namespace attn {
namespace {

// float32 rows are made in blocks around an anchor row, which is computed exactly: reach rows before it and
// reach - 1 after it follow by the addition theorem.
constexpr std::size_t reach = 64;

// float32 values come from double products whose error is below 4e-16 in all. That is a sixteenth of a
// float32 unit in the last place here; smaller values are computed one by one.
constexpr float smallest_from_products = 0x1p-24f;

// The addition theorem for two rows at once, delta before and after the anchor:
//     after = same · step_same + other · step_other,   before = same · step_same - other · step_other
// Returns whether any value is too small to be trusted.
ATTNSCOPE_WIDE_VECTORS
bool add_angles(const double* same, const double* other, const double* step_same, const double* step_other,
                std::size_t width, float* __restrict before, float* __restrict after) {
  int small = 0;
  for (std::size_t c = 0; c < width; ++c) {
    const double common = same[c] * step_same[c], difference = other[c] * step_other[c];
    const float earlier = static_cast<float>(common - difference), later = static_cast<float>(common + difference);
    before[c] = earlier;
    after[c] = later;
    small |= std::min(std::fabs(earlier), std::fabs(later)) < smallest_from_products ? 1 : 0;
  }
  return small != 0;
}

template <class T>
T value_of(const SinCos<T>& both, bool is_cosine) {
  return is_cosine ? both.cos : both.sin;
}

}  // namespace

std::vector<SinusoidalColumn> sinusoidal_columns(const SinusoidalOptions& options) {
  const std::size_t d = options.d_model;
  if (d == 0 || d > (std::size_t{1} << 31)) {
    throw UsageError("d_model", "expected a width from 1 to 2147483648, found " + std::to_string(d));
  }
  if (d % 2 == 1 && options.odd == OddWidth::refuse) {
    throw UsageError("d_model", std::to_string(d) + " is odd: a sine would be left without its cosine (choose extra-sin or drop)");
  }
  const std::size_t pairs = d / 2;
  const bool extra = d % 2 == 1 && options.odd == OddWidth::extra_sine;
  std::vector<SinusoidalColumn> columns;
  for (std::size_t j = 0; j < pairs; ++j) {
    columns.push_back({j, false});
    if (options.order == PairOrder::interleaved) columns.push_back({j, true});
  }
  if (extra) columns.push_back({pairs, false});
  if (options.order == PairOrder::concatenated) {
    for (std::size_t j = 0; j < pairs; ++j) columns.push_back({j, true});
  }
  return columns;
}

Exponent sinusoidal_exponent(std::size_t pair, const SinusoidalOptions& options) {
  const std::uint64_t pairs = options.d_model / 2;
  if (options.denominator == Denominator::width) return {2 * pair, options.d_model};
  return {2 * pair, pairs > 1 ? 2 * pairs - 2 : 1};
}

std::vector<Frequency> sinusoidal_frequencies(const SinusoidalOptions& options) {
  std::size_t pairs = 0;
  for (const SinusoidalColumn& column : sinusoidal_columns(options)) pairs = std::max(pairs, column.pair + 1);
  std::vector<Frequency> frequencies;
  for (std::size_t j = 0; j < pairs; ++j) {
    const Exponent exponent = sinusoidal_exponent(j, options);
    frequencies.emplace_back(options.base, exponent.numerator, exponent.denominator);
  }
  return frequencies;
}

template <class T>
SinusoidalRows<T>::SinusoidalRows(const SinusoidalOptions& options)
    : SinusoidalRows(options, [&options] {
        std::vector<std::size_t> all(sinusoidal_columns(options).size());
        std::iota(all.begin(), all.end(), std::size_t{0});
        return all;
      }()) {}

template <class T>
SinusoidalRows<T>::SinusoidalRows(const SinusoidalOptions& options, const std::vector<std::size_t>& columns)
    : offset_(options.offset) {
  const std::vector<SinusoidalColumn> all = sinusoidal_columns(options);
  const std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
  std::vector<std::size_t> place(frequencies.size(), frequencies.size());  // among the pairs that are needed
  for (const std::size_t column : columns) {
    const SinusoidalColumn wanted = all.at(column);
    if (place[wanted.pair] == frequencies.size()) {
      place[wanted.pair] = frequencies_.size();
      frequencies_.push_back(frequencies[wanted.pair]);
    }
    columns_.push_back({place[wanted.pair], wanted.is_cosine});
  }
  if constexpr (std::is_same_v<T, float>) {
    std::vector<SinCos<double>> pairs;
    for (std::size_t delta = 0; delta <= reach; ++delta) {
      pairs.clear();
      for (const Frequency& frequency : frequencies_) pairs.push_back(frequency.at<double>(static_cast<std::int64_t>(delta)));
      for (const SinusoidalColumn& column : columns_) {
        const SinCos<double>& step = pairs[column.pair];
        step_same_.push_back(step.cos);
        step_other_.push_back(column.is_cosine ? -step.sin : step.sin);
      }
    }
  }
}

template <>
void SinusoidalRows<double>::fill(std::uint64_t first, std::size_t count, double* rows) const {
  std::vector<SinCos<double>> pairs(frequencies_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto position = static_cast<std::int64_t>(offset_ + first + i);
    for (std::size_t j = 0; j < pairs.size(); ++j) pairs[j] = frequencies_[j].at<double>(position);
    for (const SinusoidalColumn& column : columns_) *rows++ = value_of(pairs[column.pair], column.is_cosine);
  }
}

template <>
void SinusoidalRows<float>::recompute_small(std::int64_t position, float* row) const {
  for (std::size_t c = 0; c < width(); ++c) {
    if (!(std::fabs(row[c]) < smallest_from_products)) continue;
    row[c] = value_of(frequencies_[columns_[c].pair].at<float>(position), columns_[c].is_cosine);
  }
}

template <>
void SinusoidalRows<float>::fill(std::uint64_t first, std::size_t count, float* rows) const {
  std::vector<SinCos<double>> pairs(frequencies_.size());
  std::vector<double> same(width()), other(width());
  std::vector<float> outside(width());  // takes the rows of a block that were not asked for
  for (std::size_t begin = 0; begin < count; begin += 2 * reach) {
    const std::size_t end = std::min(begin + 2 * reach, count), anchor = begin + std::min(reach, (end - begin) / 2);
    const auto position_of = [&](std::size_t row) { return static_cast<std::int64_t>(offset_ + first + row); };
    for (std::size_t j = 0; j < pairs.size(); ++j) pairs[j] = frequencies_[j].at<double>(position_of(anchor));
    for (std::size_t c = 0; c < width(); ++c) {
      same[c] = value_of(pairs[columns_[c].pair], columns_[c].is_cosine);
      other[c] = value_of(pairs[columns_[c].pair], !columns_[c].is_cosine);
    }
    for (std::size_t delta = 0; delta <= anchor - begin; ++delta) {
      const bool is_inside = anchor + delta < end && delta > 0;
      float* const before = rows + (anchor - delta) * width();
      float* const after = is_inside ? rows + (anchor + delta) * width() : outside.data();
      const std::size_t step = delta * width();
      if (!add_angles(same.data(), other.data(), &step_same_[step], &step_other_[step], width(), before, after)) continue;
      recompute_small(position_of(anchor - delta), before);
      if (is_inside) recompute_small(position_of(anchor + delta), after);
    }
  }
}

template <class T>
Tensor<T> sinusoidal(std::size_t len, const SinusoidalOptions& options) {
  const SinusoidalRows<T> rows(options);
  Tensor<T> table = empty<T>({len, rows.width()});
  rows.fill(0, len, table.data());
  return table;
}

template class SinusoidalRows<float>;
template class SinusoidalRows<double>;
template Tensor<float> sinusoidal(std::size_t, const SinusoidalOptions&);
template Tensor<double> sinusoidal(std::size_t, const SinusoidalOptions&);

}  // namespace attn
