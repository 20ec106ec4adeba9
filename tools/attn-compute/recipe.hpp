// --show-recipe: the same run as Python, with PyTorch, in plain operations that leave every step under its
// own name; and, where PyTorch has a module that does it all, one call of it to compare with.
#pragma once

#include "module_command.hpp"

#include <attn/io/named_view.hpp>
#include <attn/weights/multihead_shape.hpp>

#include <string>
#include <vector>

namespace attn::tools {

/// What is known about a run before it computes anything.
struct RecipeRun {
  const AttentionCommand& command;
  Sizes sizes;
  const ModuleCommand* module = nullptr;  ///< self, cross and mha
  MultiheadShape shape{};                 ///< of the module's weights
  std::vector<io::NamedView> loaded{};    ///< tensors of --weights
  std::size_t appended_keys = 0;          ///< by bias_kv and add_zero_attn
};

/// The whole program.
std::string recipe_of(const RecipeRun& run);

/// Writes it to --output.
int print_recipe(const RecipeRun& run);

}  // namespace attn::tools
