// Attention with the weights of a module: what `self`, `cross` and `mha` share.
#pragma once

#include "../common/cli11_forward.hpp"
#include "attention_command.hpp"

#include <attn/weights/layouts.hpp>

#include <memory>
#include <optional>
#include <string>

namespace attn::tools {

/// Whether keys and values have a source of their own.
enum class Sources {
  input,          ///< self-attention only
  memory,         ///< always another source (cross-attention)
  any,            ///< self-attention unless --memory, or --key and --value, are given
};

struct ModuleCommand : AttentionCommand {
  ModuleCommand(CLI::App& app, const std::string& subcommand, const LayoutInfo& default_layout, Sources where, Purpose purpose);

  const LayoutInfo* layout;
  Sources sources;
  std::string weights;               ///< FILE or FILE:PREFIX; empty: fresh ones, from the seed
  std::optional<bool> bias;          ///< of fresh weights; empty: the layout's default
  bool bias_kv = false;
  bool add_zero_attn = false;
  bool average_weights = false;
};

/// --wq, --wk and --wv: the maps themselves instead of a file or a seed.
void add_single_maps(ModuleCommand& command);

/// "W_q.weight (H*D, E), …": the tensors of a layout whose sources are equally wide, biases included.
std::string names_of_tensors(const LayoutInfo& layout);

/// The options of `mha`.
std::shared_ptr<ModuleCommand> add_mha(CLI::App& app, Purpose purpose);

int run_module(ModuleCommand& command);

}  // namespace attn::tools
