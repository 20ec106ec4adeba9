// How far float32 arithmetic may be from the exact result of a step: measured, not assumed.
#pragma once

#include <attn/verify/compare.hpp>
#include <attn/verify/problem.hpp>

#include <map>

namespace attn {

/// The same problem in float32.
Problem<float> in_float32(const Problem<double>& problem);

/// What float32 rounding explains at a step: PyTorch's relative tolerance for float32 (1.3e-6), and as
/// absolute tolerance four times the largest difference between a float32 and a float64 evaluation,
/// plus eight units in the last place of the largest magnitude.
Tolerance rounding_tolerance(const Tensor<double>& exact, const Tensor<float>& in_float32);

/// The same without an evaluation in float32: from one in float64 whose operands were rounded to float32, which may
/// change it by a sixteenth. (A product of matrices rounds every one of its sums, and has some units in the last place
/// where rounded operands have half a one.)
Tolerance rounding_tolerance(const Tensor<double>& exact, const Tensor<double>& from_rounded);

/// What a number that was rounded to so many decimals, by hand, may be away from the true value: half a unit
/// of the last one, either way.
Tolerance half_unit(int decimals);

/// For every step: half a unit, and twice what it changes when the steps that were handed in stand rounded
/// before it. A tensor of theirs that is right counts as it is, any other as ours, rounded.
std::map<Step, Tolerance> decimal_tolerances(const Problem<double>& problem, const std::map<Step, Tensor<double>>& ours,
                                             const std::map<Step, Tensor<double>>& theirs, int decimals);
/// The problem with every number of its inputs and maps moved up or down by what float32 rounds away at most,
/// the same way every time: what this changes in a run is how far rounding may carry it.
Problem<double> moved_by_rounding(const Problem<double>& problem);

/// The least that rounding_tolerance can be at this step, from the numbers of an exact evaluation alone: what
/// passes it passes the other, and no float32 run is needed. Of a large tensor a part is looked at.
Tolerance least_tolerance(const Tensor<double>& exact);

}  // namespace attn
