#include <attn/ops/position.hpp>

#include <attn/error.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>

// The inner loop below is compiled twice and the CPU chooses when the library is loaded. Neither version
// fuses multiplication and addition, so both give the same bits. (A sanitizer is not ready that early.)
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && defined(__GNUC__)
#define ATTNSCOPE_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define ATTNSCOPE_WIDE_VECTORS
#endif

namespace attn {
namespace {

constexpr std::size_t block = 32;

// float32 values come from double products whose error is below 4e-16 in all. That is a sixteenth of a
// float32 unit in the last place here; smaller values are computed one by one.
constexpr float smallest_from_products = 0x1p-24f;

// The addition theorem over one row: value = same · step_same + other · step_other. Returns whether
// any value is too small to be trusted.
ATTNSCOPE_WIDE_VECTORS
bool add_angles(const double* same, const double* other, const double* step_same, const double* step_other,
                std::size_t width, float* row) {
  int small = 0;
  for (std::size_t c = 0; c < width; ++c) {
    const float value = static_cast<float>(same[c] * step_same[c] + other[c] * step_other[c]);
    row[c] = value;
    small |= std::fabs(value) < smallest_from_products ? 1 : 0;
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
    : frequencies_(sinusoidal_frequencies(options)), offset_(options.offset) {
  const std::vector<SinusoidalColumn> all = sinusoidal_columns(options);
  for (const std::size_t column : columns) columns_.push_back(all.at(column));
  if constexpr (std::is_same_v<T, float>) {
    for (std::size_t delta = 0; delta < block; ++delta) {
      for (const SinusoidalColumn& column : columns_) {
        const auto step = frequencies_[column.pair].template at<double>(static_cast<std::int64_t>(delta));
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
    std::size_t known = frequencies_.size();  // neighbours in a row are often halves of one pair
    for (const SinusoidalColumn& column : columns_) {
      if (column.pair != known && !column.is_cosine) pairs[column.pair] = frequencies_[column.pair].at<double>(position);
      known = column.pair;
      *rows++ = value_of(pairs[column.pair], column.is_cosine);
    }
  }
}

template <>
void SinusoidalRows<float>::fill(std::uint64_t first, std::size_t count, float* rows) const {
  std::vector<double> same(width()), other(width());
  for (std::size_t i = 0; i < count; i += block) {
    const auto anchor = static_cast<std::int64_t>(offset_ + first + i);
    for (std::size_t c = 0; c < width(); ++c) {
      const auto both = frequencies_[columns_[c].pair].at<double>(anchor);
      same[c] = value_of(both, columns_[c].is_cosine);
      other[c] = value_of(both, !columns_[c].is_cosine);
    }
    for (std::size_t delta = 0; delta < std::min(block, count - i); ++delta) {
      float* row = rows + (i + delta) * width();
      const std::size_t step = delta * width();
      if (!add_angles(same.data(), other.data(), &step_same_[step], &step_other_[step], width(), row)) continue;
      for (std::size_t c = 0; c < width(); ++c) {
        if (!(std::fabs(row[c]) < smallest_from_products)) continue;
        const auto both = frequencies_[columns_[c].pair].at<float>(anchor + static_cast<std::int64_t>(delta));
        row[c] = value_of(both, columns_[c].is_cosine);
      }
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
