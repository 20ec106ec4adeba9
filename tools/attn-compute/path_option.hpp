// Which of two paths computes attention: the one that keeps every step, or the one that keeps none.
#pragma once

#include "../common/cli11_forward.hpp"

namespace attn::tools {

struct AttentionCommand;

enum class Path {
  automatic,  ///< fused when only the output is asked for, else reference
  reference,  ///< step by step
  fused,      ///< tile by tile, without a step
};

/// Adds --path and lets the command choose by itself where it is not given.
void add_path_option(CLI::App& app, AttentionCommand& command);

/// Whether this run takes the fused path. Throws UsageError for --path fused together with an option that
/// needs a step.
bool takes_fused_path(const AttentionCommand& command);

}  // namespace attn::tools
