// The parts of a recipe, in the order in which the program runs them. Each returns whole lines of Python,
// only those that this run needs; "" when it needs none.
#pragma once

#include "recipe.hpp"

#include <string>

namespace attn::tools {

/// Whether the recipe makes a module: to draw parameters from the seed, or to compare with it.
bool calls_module(const RecipeRun& run);

/// Which linear maps and biases a run has, by the letter of their steps.
struct LinearMaps {
  bool weight(char letter) const { return weights.find(letter) != std::string::npos; }
  bool bias(char letter) const { return biases.find(letter) != std::string::npos; }
  bool any() const { return !weights.empty(); }

  std::string weights;  ///< "qkvo"
  std::string biases;
};
LinearMaps linear_maps_of(const RecipeRun& run);

/// Whether the parameters are those of a new module, drawn from the seed.
bool draws_module(const RecipeRun& run);

std::string recipe_parameters(const RecipeRun& run);
std::string recipe_tensors(const RecipeRun& run);
std::string recipe_heads(const RecipeRun& run);
std::string recipe_scores(const RecipeRun& run);
std::string recipe_mask(const RecipeRun& run);  ///< "" without rules
std::string recipe_softmax(const RecipeRun& run);
std::string recipe_output(const RecipeRun& run);

/// Whether some query may be left without any key to see; false only where that is certain.
bool may_hide_all_keys(const RecipeRun& run);

/// A call of the real module and the assertion that it agrees; "" when it cannot express this run.
std::string recipe_comparison(const RecipeRun& run);

}  // namespace attn::tools
