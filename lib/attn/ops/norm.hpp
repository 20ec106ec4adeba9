// Normalisation of every row over its features, every step kept.
//
//   LayerNorm (Ba et al. 2016)          μ = mean(x), σ² = mean((x − μ)²)   y = (x − μ) / √(σ² + ε) · γ + β
//   RMSNorm (Zhang and Sennrich 2019)   ρ² = mean(x²)                      y = x / √(ρ² + ε) · γ
#pragma once

#include <attn/ops/softmax.hpp>
#include <attn/steps.hpp>
#include <attn/tensor.hpp>
#include <attn/weights/layer_weights.hpp>

#include <optional>

namespace attn {

enum class NormKind { layer, rms };

/// What the sum of squared deviations is divided by: E, as every framework's LayerNorm does, or E − 1, as
/// a standard deviation estimated from a sample is (The Annotated Transformer).
enum class Variance { biased, unbiased };

struct NormOptions {
  NormKind kind = NormKind::layer;
  double eps = 1e-5;                     ///< ε ≥ 0, inside the root
  Variance variance = Variance::biased;  ///< of LayerNorm
  Detail detail = Detail::no;            ///< also keep norm_hat
};

/// The tensors of one normalisation of [..., E], in order of computation.
template <class T>
struct NormSteps {
  std::optional<Tensor<T>> mean;         ///< [..., 1], LayerNorm only
  std::optional<Tensor<T>> variance;     ///< [..., 1], LayerNorm only
  std::optional<Tensor<T>> mean_square;  ///< [..., 1], RMSNorm only
  std::optional<Tensor<T>> hat;          ///< [..., E], before gain and shift; only when asked for
  Tensor<T> norm;                        ///< [..., E]
};

template <class T, class F>
void visit(const NormSteps<T>& steps, F&& f) {
  if (steps.mean) f(Step::norm_mean, *steps.mean);
  if (steps.variance) f(Step::norm_var, *steps.variance);
  if (steps.mean_square) f(Step::norm_mean_square, *steps.mean_square);
  if (steps.hat) f(Step::norm_hat, *steps.hat);
  f(Step::norm, steps.norm);
}

/// The mean of every row: [..., E] -> [..., 1]. Terms are added in order. NaN for E = 0.
template <class T>
Tensor<T> row_means(const Tensor<T>& x);

/// The variance of every row around its mean [..., 1]. Unbiased with E = 1 is 0/0, that is NaN.
template <class T>
Tensor<T> row_variances(const Tensor<T>& x, const Tensor<T>& means, Variance variance);

/// The mean of the squares of every row: [..., E] -> [..., 1].
template <class T>
Tensor<T> row_mean_squares(const Tensor<T>& x);

/// (x − shift) / √(spread + ε) for every row; shift and spread are [..., 1], an absent shift is 0.
/// A row whose spread and ε are both 0 gives NaN, as the formula does.
template <class T>
Tensor<T> standardised(const Tensor<T>& x, const std::optional<Tensor<T>>& shift, const Tensor<T>& spread,
                       double eps);

/// x · γ + β, feature by feature. Throws ShapeError unless γ and β have one number a feature.
template <class T>
Tensor<T> scaled_and_shifted(Tensor<T> x, const NormWeights<T>& weights);

/// Normalises the last axis of x [..., E].
/// Throws ShapeError for a single number or if the weights do not fit.
template <class T>
NormSteps<T> normalised(const Tensor<T>& x, const NormWeights<T>& weights, const NormOptions& options);

}  // namespace attn
