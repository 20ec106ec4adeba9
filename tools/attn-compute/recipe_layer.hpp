// --show-recipe for a layer: the same run as Python, with PyTorch, in plain operations that leave every step in
// a dictionary under its path; and, where PyTorch has a class for this layer, one call of it to compare with.
#pragma once

#include "layer_command.hpp"

#include <attn/io/named_view.hpp>

#include <string>
#include <vector>

namespace attn::tools {

/// What is known about a run of a layer before it computes anything.
struct LayerRecipe {
  const LayerCommand& command;
  LayerShape shape;
  LayerSizes sizes;
  std::vector<io::NamedView> loaded{};  ///< tensors of --weights
};

/// The whole program. Throws UsageError for a layout whose modules it cannot write.
std::string recipe_of(const LayerRecipe& run);

/// Writes it to --output.
int print_recipe(const LayerRecipe& run);

}  // namespace attn::tools
