// Every layer of the comparison as plain loops over any scalar. On counted::Scalar they tell what is
// executed; on double they must give what the library's own operations give.
#pragma once

#include "counted_scalar.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace counted {

template <class T>
struct Matrix {
  std::size_t rows, columns;
  std::vector<T> values;
  Matrix(std::size_t r, std::size_t c) : rows(r), columns(c), values(r * c) {}
  T& operator()(std::size_t i, std::size_t j) { return values[i * columns + j]; }
  const T& operator()(std::size_t i, std::size_t j) const { return values[i * columns + j]; }
};

/// Fixed numbers in (-1/2, 1/2).
template <class T>
Matrix<T> numbers(std::size_t rows, std::size_t columns, std::uint32_t seed) {
  Matrix<T> matrix(rows, columns);
  for (T& value : matrix.values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<double>(seed) / 4294967296.0 - 0.5;
  }
  return matrix;
}

template <class T>
Matrix<T> product(const Matrix<T>& a, const Matrix<T>& b) {
  Matrix<T> c(a.rows, b.columns);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.columns; ++j) {
      T sum = 0;
      for (std::size_t l = 0; l < a.columns; ++l) sum += a(i, l) * b(l, j);
      c(i, j) = sum;
    }
  }
  return c;
}

/// Row t is Σ over taps of x[t − tap·a]·W[tap]; positions before the first are zeros, and are multiplied.
template <class T>
Matrix<T> convolution(const Matrix<T>& x, const std::vector<Matrix<T>>& w, std::size_t a) {
  Matrix<T> y(x.rows, w[0].columns);
  for (std::size_t t = 0; t < x.rows; ++t) {
    for (std::size_t out = 0; out < y.columns; ++out) {
      T sum = 0;
      for (std::size_t tap = 0; tap < w.size(); ++tap) {
        for (std::size_t in = 0; in < x.columns; ++in) {
          const T read = t >= tap * a ? x(t - tap * a, in) : T(0);
          sum += read * w[tap](in, out);
        }
      }
      y(t, out) = sum;
    }
  }
  return y;
}

template <class T>
T sigmoid(const T& x) {
  using std::exp;
  return T(1) / (T(1) + exp(-x));
}

/// x·W for row t plus state·U, column j of gate `gate` (gates lie side by side in W and U).
template <class T>
T gate_sum(const Matrix<T>& xw, std::size_t t, const std::vector<T>& state, const Matrix<T>& u, std::size_t column) {
  T sum = 0;
  for (std::size_t l = 0; l < state.size(); ++l) sum += state[l] * u(l, column);
  return xw(t, column) + sum;
}

template <class T>
Matrix<T> rnn(const Matrix<T>& x, const Matrix<T>& w, const Matrix<T>& u) {
  using std::tanh;
  const Matrix<T> xw = product(x, w);
  Matrix<T> y(x.rows, u.rows);
  std::vector<T> h(u.rows, T(0));
  for (std::size_t t = 0; t < x.rows; ++t) {
    for (std::size_t j = 0; j < h.size(); ++j) y(t, j) = tanh(gate_sum(xw, t, h, u, j));
    for (std::size_t j = 0; j < h.size(); ++j) h[j] = y(t, j);
  }
  return y;
}

/// Cho et al. 2014: gates r, z, candidate c, with r applied to the state before U_c; columns r, z, c.
template <class T>
Matrix<T> gru(const Matrix<T>& x, const Matrix<T>& w, const Matrix<T>& u) {
  using std::tanh;
  const std::size_t d = u.rows;
  const Matrix<T> xw = product(x, w);
  Matrix<T> y(x.rows, d);
  std::vector<T> h(d, T(0)), z(d), reset_state(d);
  for (std::size_t t = 0; t < x.rows; ++t) {
    for (std::size_t j = 0; j < d; ++j) reset_state[j] = sigmoid(gate_sum(xw, t, h, u, j)) * h[j];
    for (std::size_t j = 0; j < d; ++j) z[j] = sigmoid(gate_sum(xw, t, h, u, d + j));
    for (std::size_t j = 0; j < d; ++j) {
      const T candidate = tanh(gate_sum(xw, t, reset_state, u, 2 * d + j));
      y(t, j) = z[j] * h[j] + (T(1) - z[j]) * candidate;
    }
    for (std::size_t j = 0; j < d; ++j) h[j] = y(t, j);
  }
  return y;
}

/// Gates i, f, g, o side by side.
template <class T>
Matrix<T> lstm(const Matrix<T>& x, const Matrix<T>& w, const Matrix<T>& u) {
  using std::tanh;
  const std::size_t d = u.rows;
  const Matrix<T> xw = product(x, w);
  Matrix<T> y(x.rows, d);
  std::vector<T> h(d, T(0)), c(d, T(0));
  for (std::size_t t = 0; t < x.rows; ++t) {
    for (std::size_t j = 0; j < d; ++j) {
      const T i = sigmoid(gate_sum(xw, t, h, u, j)), f = sigmoid(gate_sum(xw, t, h, u, d + j));
      const T g = tanh(gate_sum(xw, t, h, u, 2 * d + j)), o = sigmoid(gate_sum(xw, t, h, u, 3 * d + j));
      c[j] = f * c[j] + i * g;
      y(t, j) = o * tanh(c[j]);
    }
    for (std::size_t j = 0; j < d; ++j) h[j] = y(t, j);
  }
  return y;
}

template <class T>
struct AttentionMaps {
  Matrix<T> q, k, v, o;
};

/// window 0: every query sees every key. Otherwise query i sees the `window` positions up to i; those
/// before the first are zero vectors, computed like the others and then given the score −∞.
template <class T>
Matrix<T> attention(const Matrix<T>& x, const Matrix<T>& memory, const AttentionMaps<T>& maps, std::size_t heads,
                    std::size_t window = 0) {
  using std::exp;
  const Matrix<T> q = product(x, maps.q), k = product(memory, maps.k), v = product(memory, maps.v);
  const std::size_t head_dim = x.columns / heads, keys = window == 0 ? memory.rows : window;
  const T scale = 1 / std::sqrt(static_cast<double>(head_dim));
  Matrix<T> merged(x.rows, x.columns);
  for (std::size_t h = 0; h < heads; ++h) {
    for (std::size_t i = 0; i < x.rows; ++i) {
      const auto outside = [&](std::size_t j) { return window != 0 && i + j + 1 < window; };
      const auto row = [&](std::size_t j) { return window == 0 ? j : i + j + 1 - window; };
      std::vector<T> weights(keys);
      T largest = -std::numeric_limits<double>::infinity();
      for (std::size_t j = 0; j < keys; ++j) {
        T score = 0;
        for (std::size_t l = h * head_dim; l < (h + 1) * head_dim; ++l) score += q(i, l) * (outside(j) ? T(0) : k(row(j), l));
        weights[j] = score * scale;
        if (outside(j)) weights[j] = -std::numeric_limits<double>::infinity();
        largest = larger(largest, weights[j]);
      }
      T sum = 0;
      for (T& weight : weights) {
        weight = exp(weight - largest);
        sum += weight;
      }
      for (T& weight : weights) weight = weight / sum;
      for (std::size_t l = h * head_dim; l < (h + 1) * head_dim; ++l) {
        T mixed = 0;
        for (std::size_t j = 0; j < keys; ++j) mixed += weights[j] * (outside(j) ? T(0) : v(row(j), l));
        merged(i, l) = mixed;
      }
    }
  }
  return product(merged, maps.o);
}

/// φ(x) = elu(x) + 1, written so that every number takes the same operations.
template <class T>
T feature(const T& x) {
  using std::exp;
  return larger(x, T(0)) + exp(smaller(x, T(0)));
}

template <class T>
Matrix<T> linear_attention(const Matrix<T>& x, const AttentionMaps<T>& maps, std::size_t heads) {
  Matrix<T> q = product(x, maps.q), k = product(x, maps.k);
  const Matrix<T> v = product(x, maps.v);
  for (T& value : q.values) value = feature(value);
  for (T& value : k.values) value = feature(value);
  const std::size_t n = x.rows, head_dim = x.columns / heads;
  Matrix<T> merged(n, x.columns);
  for (std::size_t start = 0; start < x.columns; start += head_dim) {
    Matrix<T> state(head_dim, head_dim);
    std::vector<T> key_sum(head_dim, T(0));
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t a = 0; a < head_dim; ++a) {
        key_sum[a] += k(j, start + a);
        for (std::size_t b = 0; b < head_dim; ++b) state(a, b) += k(j, start + a) * v(j, start + b);
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      T denominator = 0;
      for (std::size_t a = 0; a < head_dim; ++a) denominator += q(i, start + a) * key_sum[a];
      for (std::size_t b = 0; b < head_dim; ++b) {
        T numerator = 0;
        for (std::size_t a = 0; a < head_dim; ++a) numerator += q(i, start + a) * state(a, b);
        merged(i, start + b) = numerator / denominator;
      }
    }
  }
  return product(merged, maps.o);
}

}  // namespace counted
