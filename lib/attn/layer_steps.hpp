// The steps of a layer as steps of their own: Step::weights of self-attention and of cross-attention are
// two, and what is computed first compares less. name_of gives such a step its path ("self.weights"),
// step_info its row in the step table.
#pragma once

#include <attn/steps.hpp>

#include <optional>

namespace attn {

/// What a block of a layer computes, in order; it normalises either first or last.
enum class LayerPart { norm_before, sublayer, sum, norm_after };

struct LayerPlace {
  Block block;
  LayerPart part;
};

/// The step of this kind at a place of a layer. `step` must be a row of the step table.
Step at_place(LayerPlace place, Step step);

/// The part of a block that computes steps of this kind.
LayerPart part_of(Step step, bool norm_first);

/// The result of a layer, which is computed last.
Step layer_output();

/// Where a step of a layer is computed; empty for a row of the step table and for layer_output().
std::optional<LayerPlace> place_of(Step step);

/// The row of the step table that a step of a layer is of; a row itself.
Step base_of(Step step);

}  // namespace attn
