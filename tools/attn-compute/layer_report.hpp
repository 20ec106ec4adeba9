// A finished layer, shown: as a document for people, in a format for programs, or one number taken apart.
#pragma once

#include "layer_command.hpp"
#include "layer_views.hpp"

namespace attn::tools {

/// A finished run of a layer.
struct LayerResult {
  Trace trace;                            ///< parameters included, under their paths
  std::map<Block, BlockFacts> blocks;     ///< in order of computation
  std::optional<Problem<double>> problem{};  ///< for --verify and --mistake
};

/// Judges the files of --verify, or writes what the options ask for. Throws NonFiniteError after writing, under --strict.
int present_layer(const LayerCommand& command, LayerResult result);

/// Prints the steps that a layer of this kind can show.
int list_layer_steps(const LayerCommand& command);

}  // namespace attn::tools
