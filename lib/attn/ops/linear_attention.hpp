// Linear attention: the softmax of a product replaced by a product of features, so that keys and values can be
// summed before any query is seen.
//
//   φ(x) = elu(x) + 1                       positive for every x
//   S = φ(K)ᵀ·V,  z = Σ_j φ(k_j)            once, whatever the number of queries
//   y_i = φ(q_i)·S / (φ(q_i)·z)             Katharopoulos et al. 2020, equations 5 and 7
#pragma once

#include <attn/ops/products.hpp>
#include <attn/tensor.hpp>

namespace attn {

template <class T>
struct LinearAttentionSteps {
  Tensor<T> query_features;  ///< φ(Q) [Lq, D]
  Tensor<T> key_features;    ///< φ(K)ᵀ [D, Lk]
  Tensor<T> state;           ///< S [D, Dv]
  Tensor<T> normalizer;      ///< z [D]
  Tensor<T> output;          ///< [Lq, Dv]
};

/// One head, every query sees every key. q [Lq, D], k [Lk, D], v [Lk, Dv]. Without keys the output is NaN (0/0).
/// Throws ShapeError if they do not fit.
template <class T>
LinearAttentionSteps<T> linear_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                         Products products = Products::by_size);

}  // namespace attn
