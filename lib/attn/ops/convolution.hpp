// Convolution of a sequence, as a product of matrices: the positions that each output reads are laid side
// by side in one row (im2col), and the kernel is a matrix.
//
//   patches[t] = (x[t], x[t − a], …, x[t − (K−1)·a])     zeros before the first position
//   output[t]  = patches[t]·W                            W [K·E, F]
//
// It looks back only, as a generator must: output t never depends on a later position.
#pragma once

#include <attn/ops/products.hpp>
#include <attn/tensor.hpp>

#include <cstddef>

namespace attn {

template <class T>
struct ConvolutionSteps {
  Tensor<T> patches;  ///< [L, K·E]
  Tensor<T> output;   ///< [L, F]
};

/// x [L, E], kernel [K, E, F]: tap 0 reads the position itself, tap j the one j·dilation before it.
/// Throws ShapeError if they do not fit, or if dilation is 0. With L = 0 the result is empty.
template <class T>
ConvolutionSteps<T> convolution(const Tensor<T>& x, const Tensor<T>& kernel, std::size_t dilation = 1,
                                Products products = Products::by_size);

}  // namespace attn
