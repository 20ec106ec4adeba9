// A converted mask, written in any format, in the element type that its API expects.
#pragma once

#include "../common/output_options.hpp"

#include <attn/shapes/masks.hpp>

namespace attn::tools {

/// Writes the mask to the file of the options: NPY, NPZ and safetensors hold booleans, whole numbers or float32
/// as the API takes them, JSON has true and false for booleans.
void write_mask(const shapes::MaskApi& from, const shapes::MaskApi& to, const shapes::MaskValues& mask, const OutputOptions& options);

}  // namespace attn::tools
