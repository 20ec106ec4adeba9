// The residual connection z = x + y (He et al. 2015): what a sublayer computes is added to what it was
// given. Where the widths differ, a linear map brings x to the width of y first: z = x·W_s + b_s + y.
#pragma once

#include <attn/steps.hpp>
#include <attn/tensor.hpp>
#include <attn/weights/layer_weights.hpp>

#include <optional>

namespace attn {

template <class T>
struct ResidualSteps {
  std::optional<Tensor<T>> shortcut;  ///< [B, Lq, E], only with w_s or b_s
  Tensor<T> residual;                 ///< [B, Lq, E]
};

template <class T, class F>
void visit(const ResidualSteps<T>& steps, F&& f) {
  if (steps.shortcut) f(Step::shortcut, *steps.shortcut);
  f(Step::residual, steps.residual);
}

/// a + b, element by element. Throws ShapeError, naming both shapes, if they differ.
template <class T>
Tensor<T> sum_of(const Tensor<T>& a, const Tensor<T>& b);

/// Throws ShapeError if x (mapped, where there is a map) and y differ in shape.
template <class T>
ResidualSteps<T> residual(const Tensor<T>& x, const Tensor<T>& y, const ResidualWeights<T>& weights);

}  // namespace attn
