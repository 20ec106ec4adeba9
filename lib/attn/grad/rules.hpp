// What each step sends back to the steps it reads: the rules of the backward pass.
#pragma once

#include <attn/verify/problem.hpp>

namespace attn {

/// A part of a run during the backward pass, under the step table's own names: the numbers of the forward pass,
/// and a place for what is sent back.
class PartOfBackward {
 public:
  virtual ~PartOfBackward() = default;
  virtual const Problem<double>& problem() const = 0;
  virtual const Tensor<double>& get(Step step) = 0;
  /// The layer this is a part of, and the block in it.
  virtual const LayerProblem<double>& layer() const = 0;
  virtual Block block() const = 0;
  /// `term` is the operand under which the term of this gradient is listed, where several tensors can play its role.
  virtual void send(Step operand, Tensor<double> gradient, Step term) = 0;
  void send(Step operand, Tensor<double> gradient) { send(operand, std::move(gradient), operand); }
};

/// Calls part.send for everything that the step reads; does nothing for a step that is not differentiated.
/// `d` is the gradient of the step.
void send_back(PartOfBackward& part, Step step, const Tensor<double>& d);

}  // namespace attn
