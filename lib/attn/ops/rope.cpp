#include <attn/ops/rope.hpp>

#include <attn/error.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace attn {
namespace {

struct Pair {
  std::size_t first, second;
};

Pair pair_of(std::size_t j, const RopeOptions& options) {
  if (options.pairing == RotaryPairing::interleaved) return {2 * j, 2 * j + 1};
  return {j, j + options.rotary_dim / 2};
}

template <class T>
SinCos<T> angle_at(const Frequency& frequency, std::uint64_t position, const RopeOptions& options) {
  const auto signed_position = static_cast<std::int64_t>(position);
  return frequency.at<T>(options.clockwise ? -signed_position : signed_position);
}

}  // namespace

RopeOptions checked(RopeOptions options) {
  if (options.rotary_dim == 0) options.rotary_dim = options.head_dim;
  const std::size_t r = options.rotary_dim;
  if (r == 0 || r % 2 == 1 || r > options.head_dim) {
    throw UsageError("rotary_dim", "expected an even number of rotated coordinates from 2 to the head size " +
                                       std::to_string(options.head_dim) + ", found " + std::to_string(r));
  }
  if (options.scaling == RotaryScaling::ntk && r == 2) {
    throw UsageError("rotary_dim", "NTK scaling raises the factor to r / (r - 2), which needs more than one pair; found r = 2");
  }
  return options;
}

std::vector<Frequency> rope_frequencies(const RopeOptions& given) {
  const RopeOptions options = checked(given);
  const std::size_t r = options.rotary_dim;
  const std::size_t width = options.exponent == RotaryExponent::head_dim ? options.head_dim : r;
  double base = options.base, slowdown = 1;
  if (options.scaling == RotaryScaling::linear) slowdown = options.factor;
  if (options.scaling == RotaryScaling::ntk) {
    base *= std::pow(options.factor, static_cast<double>(r) / static_cast<double>(r - 2));
  }
  std::vector<Frequency> frequencies;
  for (std::size_t j = 0; j < r / 2; ++j) frequencies.emplace_back(base, 2 * j, width, slowdown);
  return frequencies;
}

template <class T>
RopeTables<T> rope_tables(std::size_t len, const RopeOptions& given) {
  const RopeOptions options = checked(given);
  const std::vector<Frequency> frequencies = rope_frequencies(options);
  RopeTables<T> tables{empty<T>({len, options.rotary_dim}), empty<T>({len, options.rotary_dim})};
  for (std::size_t i = 0; i < len; ++i) {
    for (std::size_t j = 0; j < frequencies.size(); ++j) {
      const SinCos<T> angle = angle_at<T>(frequencies[j], options.offset + i, options);
      const Pair pair = pair_of(j, options);
      tables.cos(i, pair.first) = tables.cos(i, pair.second) = angle.cos;
      tables.sin(i, pair.first) = tables.sin(i, pair.second) = angle.sin;
    }
  }
  return tables;
}

template <class T>
Tensor<T> rope_rotated(const Tensor<T>& x, const RopeOptions& given, const RopeTables<T>& tables, std::size_t first) {
  const RopeOptions options = checked(given);
  const Shape shape = shape_of(x);
  if (shape.size() < 2 || shape.back() != options.head_dim) {
    throw ShapeError("rope", "expected (…, L, " + std::to_string(options.head_dim) + "), found shape " + to_string(shape));
  }
  const std::size_t len = shape[shape.size() - 2], width = shape.back();
  const Shape table = shape_of(tables.cos);
  if (table.size() != 2 || table != shape_of(tables.sin) || table[1] != options.rotary_dim || first + len > table[0]) {
    throw ShapeError("rope", "tables of shape " + to_string(table) + " do not hold rows " + std::to_string(first) +
                                 " to " + std::to_string(first + len) + " of width " + std::to_string(options.rotary_dim));
  }
  Tensor<T> rotated = x;
  const std::size_t rows = width == 0 ? 0 : x.size() / width;
  for (std::size_t row = 0; row < rows; ++row) {
    const T* from = x.data() + row * width;
    T* to = rotated.data() + row * width;
    const std::size_t angle = first + row % len;
    for (std::size_t j = 0; j < options.rotary_dim / 2; ++j) {
      const Pair pair = pair_of(j, options);
      const T cosine = tables.cos(angle, pair.first), sine = tables.sin(angle, pair.first);
      to[pair.first] = from[pair.first] * cosine - from[pair.second] * sine;
      to[pair.second] = from[pair.first] * sine + from[pair.second] * cosine;
    }
  }
  return rotated;
}

template <class T>
Tensor<T> rope_rotated(const Tensor<T>& x, const RopeOptions& options) {
  const std::size_t len = x.dimension() < 2 ? 0 : x.shape(x.dimension() - 2);
  return rope_rotated(x, options, rope_tables<T>(len, options), 0);
}

double rope_shift_error(const RopeOptions& given, std::size_t len) {
  const RopeOptions options = checked(given);
  // One query and one key, put at every position: any vectors do.
  Tensor<double> query = empty<double>({len, options.head_dim}), key = empty<double>({len, options.head_dim});
  for (std::size_t i = 0; i < len; ++i) {
    for (std::size_t c = 0; c < options.head_dim; ++c) {
      query(i, c) = std::sin(1.0 + 3.0 * static_cast<double>(c));
      key(i, c) = std::cos(2.0 + 5.0 * static_cast<double>(c));
    }
  }
  const Tensor<double> q = rope_rotated(query, options), k = rope_rotated(key, options);
  std::vector<double> first(2 * len, std::nan(""));  // the first score seen at each distance
  double largest = 0;
  for (std::size_t i = 0; i < len; ++i) {
    for (std::size_t n = 0; n < len; ++n) {
      double score = 0;
      for (std::size_t c = 0; c < options.head_dim; ++c) score += q(i, c) * k(n, c);
      double& expected = first[i + len - n];
      if (std::isnan(expected)) expected = score;
      largest = std::max(largest, std::abs(score - expected));
    }
  }
  return largest;
}

template RopeTables<float> rope_tables(std::size_t, const RopeOptions&);
template RopeTables<double> rope_tables(std::size_t, const RopeOptions&);
template Tensor<float> rope_rotated(const Tensor<float>&, const RopeOptions&, const RopeTables<float>&, std::size_t);
template Tensor<double> rope_rotated(const Tensor<double>&, const RopeOptions&, const RopeTables<double>&, std::size_t);
template Tensor<float> rope_rotated(const Tensor<float>&, const RopeOptions&);
template Tensor<double> rope_rotated(const Tensor<double>&, const RopeOptions&);

}  // namespace attn
