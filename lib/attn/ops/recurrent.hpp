// Recurrent layers: every state is computed from the input at its position and from the state before it.
//
//   RNN   h = tanh(x·W + h·U)                                            Elman 1990
//   GRU   r, z = σ(x·W + h·U),  c = tanh(x·W_c + (r∘h)·U_c),
//         h = z∘h + (1 − z)∘c                                            Cho et al. 2014
//   LSTM  i, f, o = σ(x·W + h·U),  g = tanh(x·W_g + h·U_g),
//         c = f∘c + i∘g,  h = o∘tanh(c)                                  Gers et al. 2000
//
// Without biases, as the comparison of layers counts them. The first state is zero. (PyTorch's nn.GRU
// applies r after U_c: that is the variant of a footnote of the paper, and gives other numbers.)
#pragma once

#include <attn/ops/products.hpp>
#include <attn/tensor.hpp>

namespace attn {

/// G gates: 1 for an RNN, 3 for a GRU (r, z, c), 4 for an LSTM (i, f, g, o).
template <class T>
struct RecurrentWeights {
  Tensor<T> w;  ///< [E, G·D], gates side by side
  Tensor<T> u;  ///< [G, D, D], one map a gate
};

template <class T>
struct RecurrentSteps {
  Tensor<T> input_map;  ///< x·W [L, G·D], for all positions at once
  Tensor<T> states;     ///< h [L, D], one after the other
};

/// x [L, E]. Throw ShapeError if the weights do not fit or have another number of gates.
template <class T>
RecurrentSteps<T> rnn(const Tensor<T>& x, const RecurrentWeights<T>& weights, Products products = Products::by_size);
template <class T>
RecurrentSteps<T> gru(const Tensor<T>& x, const RecurrentWeights<T>& weights, Products products = Products::by_size);
template <class T>
RecurrentSteps<T> lstm(const Tensor<T>& x, const RecurrentWeights<T>& weights, Products products = Products::by_size);

}  // namespace attn
