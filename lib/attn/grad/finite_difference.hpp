// Gradients measured instead of derived: one number of a step is moved a little up and a little down, the rest of
// the run is computed anew, and the change of the loss is divided by the distance.
#pragma once

#include <attn/tensor.hpp>
#include <attn/verify/problem.hpp>

#include <cstddef>
#include <vector>

namespace attn {

/// One measured number.
struct FiniteDifference {
  std::size_t element;  ///< row-major
  double value;         ///< (L(x + h) − L(x − h)) / 2h with h = ε^(1/3)·max(1, |x|)
};

/// The gradients of L = Σ output ⊙ upstream with respect to `count` numbers of a step, an input or a parameter
/// (all, if it has no more), spread evenly. Its error is about h² ≈ 4·10^-11 of the third derivative, and rounding
/// of about 10^-11 of L. Throws std::logic_error for a step that this run does not have.
std::vector<FiniteDifference> finite_differences(const Problem<double>& problem, Step of, const Tensor<double>& upstream, std::size_t count);

/// The largest |gradient − measured| over the measured numbers, divided by max(1, the gradient's largest).
double largest_error(const Tensor<double>& gradient, const std::vector<FiniteDifference>& measured);

}  // namespace attn
