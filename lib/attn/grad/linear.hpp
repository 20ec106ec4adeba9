// Backward through y = x·W + b, row by row.
#pragma once

#include <attn/tensor.hpp>

#include <optional>

namespace attn {

/// Gradients of everything that a linear map reads.
struct LinearGradients {
  Tensor<double> x;                 ///< d·Wᵀ, [..., in]
  std::optional<Tensor<double>> w;  ///< xᵀ·d over all rows, [in, out]; absent as W is
  std::optional<Tensor<double>> b;  ///< the sum of all rows of d, in the shape of b; absent as b is
};

/// x [..., in], W [in, out] (absent: the identity), b [out] (absent: zero), d [..., out].
/// Throws ShapeError if they do not fit each other.
LinearGradients linear_backward(const Tensor<double>& x, const std::optional<Tensor<double>>& w,
                                const std::optional<Tensor<double>>& b, const Tensor<double>& d);

}  // namespace attn
