// What every layer executes, operation by operation, as formulas.
//
// A product of matrices [A, K]·[K, C] is A·K·C multiplications and as many additions: each sum starts at
// zero, as the loops of this library do. Nothing is left out: the scale, the inside of softmax, the gates.
// Layers have no biases; every layer maps n positions of width d to n positions of width d.
#pragma once

#include <attn/cost/polynomial.hpp>

#include <array>

namespace attn::cost {

enum class Layer {
  convolution,           ///< kernel k, contiguous taps, zero padding before the sequence
  dilated_convolution,   ///< the same with taps a positions apart
  rnn,                   ///< h = tanh(x·W + h·U), Elman 1990
  gru,                   ///< Cho et al. 2014
  lstm,                  ///< Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000
  self_attention,        ///< Vaswani et al. 2017, h heads of width d/h
  restricted_attention,  ///< the same over the last r positions; padded positions are computed too
  cross_attention,       ///< queries from n positions, keys and values from m others
  linear_attention,      ///< Katharopoulos et al. 2020, φ = elu + 1, every query sees every key
};
constexpr std::size_t layer_count = 9;

struct Operations {
  Polynomial multiplications;
  Polynomial additions;      ///< and subtractions
  Polynomial divisions;
  Polynomial comparisons;    ///< the larger of two numbers
  Polynomial exponentials;
  Polynomial tangents;       ///< hyperbolic: tanh

  Operations& operator+=(const Operations& other);
  friend Operations operator+(Operations a, const Operations& b) { return a += b; }
  friend bool operator==(const Operations& a, const Operations& b);
  /// Every operation counted as one.
  Polynomial total() const;
};

/// The kinds of operations, for tables: {"multiplications", &Operations::multiplications}, …
struct OperationKind {
  const char* name;
  Polynomial Operations::*count;
};
const std::array<OperationKind, 6>& operation_kinds();

struct LayerOperations {
  /// The linear maps of the input (and of the output), which the papers' tables leave out: W of a
  /// recurrence, W_q W_k W_v W_o of attention; none for a convolution.
  Operations projections;
  /// What the tables compare: the convolution, the recurrence, the attention itself.
  Operations core;
  Operations total() const { return projections + core; }
};

LayerOperations operations_of(Layer layer);

/// Multiply-accumulates of the products of matrices alone: a convolution, h·U, Q·Kᵀ and A·V, φ(K)ᵀ·V.
struct MatrixProducts {
  Polynomial projections;
  Polynomial core;
  Polynomial total() const { return projections + core; }
};
MatrixProducts matrix_products_of(Layer layer);

}  // namespace attn::cost
