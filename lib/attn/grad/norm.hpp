// Backward through the normalisation of rows, along every path: the row itself, its spread, its mean.
//
//   y = (x − μ) / √(σ² + ε) · γ + β        s = σ² (LayerNorm) or ρ² (RMSNorm, where μ = 0)
#pragma once

#include <attn/ops/norm.hpp>
#include <attn/tensor.hpp>

#include <optional>

namespace attn {

/// What y sends back to each of the things it was computed from, the others held fixed.
struct NormGradients {
  Tensor<double> x;                     ///< d·γ / √(s + ε), [..., E]
  std::optional<Tensor<double>> mean;   ///< −Σ_e d·γ / √(s + ε), [..., 1]; LayerNorm only
  Tensor<double> spread;                ///< −½ Σ_e d·γ·(x − μ)·(s + ε)^(−3/2), [..., 1]
  std::optional<Tensor<double>> gamma;  ///< Σ over rows of d·(x − μ) / √(s + ε), [E]; absent as γ is
  std::optional<Tensor<double>> beta;   ///< Σ over rows of d, [E]; absent as β is
};

/// x, d [..., E]; mean (absent: 0) and spread [..., 1]. Throws ShapeError if x and d differ.
NormGradients norm_backward(const Tensor<double>& x, const std::optional<Tensor<double>>& mean, const Tensor<double>& spread,
                            const NormWeights<double>& weights, double eps, const Tensor<double>& d);

/// σ² = Σ_e (x − μ)² / N with N = E or E − 1: d·2(x − μ)/N for x, and −d·2/N·Σ_e (x − μ) for μ, which is zero
/// but for rounding.
struct VarianceGradients {
  Tensor<double> x;     ///< [..., E]
  Tensor<double> mean;  ///< [..., 1]
};
VarianceGradients row_variances_backward(const Tensor<double>& x, const Tensor<double>& means, Variance variance, const Tensor<double>& d);

/// ρ² = Σ_e x² / E: d·2x/E.
Tensor<double> row_mean_squares_backward(const Tensor<double>& x, const Tensor<double>& d);

/// μ = Σ_e x / E: d/E for every feature of a row of that width.
Tensor<double> row_means_backward(const Tensor<double>& x, const Tensor<double>& d);

}  // namespace attn
