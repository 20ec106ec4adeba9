// A finished run as a problem that verification can take apart.
#pragma once

#include "planned_steps.hpp"

#include <attn/ops/multihead.hpp>
#include <attn/verify/problem.hpp>

#include <utility>

namespace attn::tools {

/// Copies the inputs among `steps` (a complete set of steps of the run) and everything they were
/// computed with.
template <class Steps>
Problem<double> problem_of(const Steps& steps, const Sizes& sizes, const MultiheadWeights<double>& weights,
                           MultiheadOptions<double> options, bool projected) {
  Problem<double> problem;
  problem.sizes = sizes;
  problem.weights = weights;
  problem.options = std::move(options);
  visit(steps, [&](Step step, const Tensor<double>& tensor) {
    const StepKind kind = step_info(step).kind;
    const bool given = kind == StepKind::input || (!projected && (step == Step::q || step == Step::k || step == Step::v));
    if (given) {
      problem.inputs.emplace(step, tensor);
    } else {
      problem.steps.push_back(step);
    }
    if (step == Step::output) problem.output_shape = shape_of(tensor);
  });
  return problem;
}

}  // namespace attn::tools
