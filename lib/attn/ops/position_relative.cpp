#include <attn/ops/position_relative.hpp>

#include <attn/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {

double rotation_error(const SinCos<double>& rotation, const SinCos<double>& from, const SinCos<double>& to) {
  const double sine = rotation.cos * from.sin + rotation.sin * from.cos;
  const double cosine = -rotation.sin * from.sin + rotation.cos * from.cos;
  return std::max(std::abs(sine - to.sin), std::abs(cosine - to.cos));
}

namespace {

/// Positions are whole numbers of 63 bits, the one delta beyond the last row included.
void require_positions(std::int64_t delta, std::size_t len, std::uint64_t offset) {
  constexpr auto farthest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::uint64_t move = delta > 0 ? static_cast<std::uint64_t>(delta) : 0;
  const std::uint64_t rows = len == 0 ? 0 : len - 1;
  if (rows <= farthest - move && offset <= farthest - move - rows) return;
  throw LimitError("delta", "moves the last of " + std::to_string(len) + " rows from position " + std::to_string(offset) + " on by " +
                                std::to_string(delta) + ", beyond position " + std::to_string(farthest));
}

}  // namespace

std::vector<PairRotation> rotations(std::int64_t delta, std::size_t len, const SinusoidalOptions& options) {
  require_positions(delta, len, options.offset);
  std::vector<PairRotation> pairs;
  std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
  frequencies.erase(frequencies.begin() + static_cast<std::ptrdiff_t>(options.d_model / 2), frequencies.end());
  for (const Frequency& frequency : frequencies) {
    PairRotation pair{frequency.radians(), frequency.at<double>(delta)};
    for (std::size_t i = 0; i < len; ++i) {
      const auto position = static_cast<std::int64_t>(options.offset + i);
      const double error = rotation_error(pair.angle, frequency.at<double>(position), frequency.at<double>(position + delta));
      if (error <= pair.largest_error) continue;
      pair.largest_error = error;
      pair.worst_row = i;
    }
    pairs.push_back(pair);
  }
  return pairs;
}

template <class T>
Similarity<T> similarity(const Tensor<T>& table) {
  if (table.dimension() != 2) {
    throw ShapeError("table", "expected rank 2 (L, d), found shape " + to_string(shape_of(table)));
  }
  const std::size_t len = table.shape(0), width = table.shape(1);
  Similarity<T> result;
  result.dots = empty<T>({len, len});
  for (std::size_t i = 0; i < len; ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      double sum = 0;
      for (std::size_t c = 0; c < width; ++c) sum += static_cast<double>(table(i, c)) * static_cast<double>(table(k, c));
      result.dots(i, k) = result.dots(k, i) = static_cast<T>(sum);
    }
  }
  for (std::size_t distance = 0; distance < len; ++distance) {
    double least = static_cast<double>(result.dots(distance, 0)), most = least, sum = 0;
    for (std::size_t i = distance; i < len; ++i) {
      const double dot = static_cast<double>(result.dots(i, i - distance));
      least = std::min(least, dot);
      most = std::max(most, dot);
      sum += dot;
    }
    result.spread = std::max(result.spread, most - least);
    result.by_distance.push_back(sum / static_cast<double>(len - distance));
  }
  while (result.monotone_to + 1 < len &&
         result.by_distance[result.monotone_to + 1] < result.by_distance[result.monotone_to]) {
    ++result.monotone_to;
  }
  return result;
}

template Similarity<float> similarity(const Tensor<float>&);
template Similarity<double> similarity(const Tensor<double>&);

}  // namespace attn
