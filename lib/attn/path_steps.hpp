// Steps under a path as steps of their own: the weights of self-attention in layer 0 of an encoder are
// "encoder.0.self.weights", and those of layer 1 others. name_of gives such a step its whole path; step_info and
// base_of know it like the step that stands under the path.
#pragma once

#include <attn/steps.hpp>

#include <string>
#include <string_view>

namespace attn {

/// The step under a path such as "encoder.0."; the step itself under an empty one. `step` is a row of the step table,
/// a step of a layer or a gradient of either. Several threads may call it at once.
Step under_path(const std::string& path, Step step);

/// The path that a step stands under; empty for every other step. It lasts as long as the program.
std::string_view path_above(Step step);

/// The step without the path.
Step without_path(Step step);

/// The whole name of a step that stands under a path. It lasts as long as the program.
std::string_view name_under_path(Step step);

}  // namespace attn
