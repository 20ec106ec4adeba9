// Gradients as steps of their own: d_weights is how the loss changes with the weights, one number for each of
// theirs. name_of, step_info and find_step know them like the rows of the step table.
#pragma once

#include <attn/steps.hpp>

#include <vector>

namespace attn {

/// The gradient of the loss with respect to a step, a parameter or an input; inside a layer at the same place.
/// `step` must not be a gradient itself.
Step gradient_of(Step step);

bool is_gradient(Step step);

/// What a gradient is the gradient of; a step that is no gradient is itself.
Step differentiated(Step step);

/// The row of a gradient: name "d_weights", symbol "∇A", the axes of what it belongs to. `gradient` has no place.
const StepInfo& gradient_info(Step gradient);

}  // namespace attn
