// One Transformer layer: its options, and the run from options to steps.
#pragma once

#include "module_command.hpp"

#include <attn/ops/layer.hpp>
#include <attn/weights/layer_layout.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

/// A word of --activation: the function, and whether it opens a gate.
struct ActivationChoice {
  Activation activation = Activation::relu;
  bool gated = false;
};

struct LayerCommand : ModuleCommand {
  LayerCommand(CLI::App& app, Purpose purpose);

  bool decoder = false;
  NormPlacement placement = NormPlacement::post;
  NormOptions norm;
  ActivationChoice activation;
  std::optional<std::size_t> ffn_size;
  std::optional<std::size_t> output_width;
  bool residual_map = false;
  std::vector<std::size_t> memory_valid_lens;
  std::optional<RotaryPairing> rope;
  double rope_base = 10000;

  /// The rules of cross-attention: scale, soft cap and fill as given, masks of its own.
  ScoreOptions cross_scores() const;
};

/// The sizes of a run, block by block.
struct LayerSizes {
  Sizes self;
  Sizes cross;  ///< decoder only
};

/// The options of `layer`.
std::shared_ptr<LayerCommand> add_layer(CLI::App& app, Purpose purpose);

int run_layer(LayerCommand& command);

}  // namespace attn::tools
