// The backward pass of a run: from the gradient of its output, step by step against the order of computation, to
// the gradients of its parameters and inputs.
//
// The loss is L = Σ output ⊙ upstream, so that d_output = upstream. Every step sends its gradient back to what it
// was computed from; what reaches a step from several sides is added up.
#pragma once

#include <attn/grad/terms.hpp>
#include <attn/tensor.hpp>
#include <attn/verify/problem.hpp>

#include <functional>
#include <vector>

namespace attn {

struct Gradient {
  Step of;                                   ///< step, input or parameter, at its place if the run is a layer
  Tensor<double> value;                      ///< in the shape of what it is the gradient of
  std::vector<const GradientTerm*> terms{};  ///< what was added up, in order; empty for the output
};

/// What a step sends back, given its own gradient; of the same shape.
using SentBack = std::function<Tensor<double>(Step of, const Tensor<double>& own)>;

/// The gradients of everything differentiable that the output depends on: each step before what it reads, the
/// parameters of a step right behind it, the inputs last. The mask and steps that only explain (the inside of
/// softmax, the average over heads) have none. Throws ShapeError unless `upstream` has the output's shape.
/// With `sent`, every gradient is what comes of the others as they were sent; without it they are sent as they are.
std::vector<Gradient> backward(const Problem<double>& problem, const Tensor<double>& upstream, const SentBack& sent = {});

/// The step that a run ends with: the loss is made of it.
Step last_step(const Problem<double>& problem);

}  // namespace attn
