// The sizes of the stacks that the experiments about depth build.
#pragma once

#include "../common/cli11_forward.hpp"
#include "../common/size_options.hpp"

#include <attn/experiments/stacks.hpp>

#include <optional>

namespace attn::tools {

struct StackOptionsOfRun {
  SizeOptions sizes;
  std::optional<std::size_t> layers, draws;
};

/// --len, --d-model, --heads, --layers, --draws.
void add_stack_options(CLI::App& app, StackOptionsOfRun& options, std::size_t default_layers);

/// The sizes of the run. Throws UsageError for heads that do not divide the width; LimitError, before anything
/// is drawn, if the numbers of one draw would pass the memory of the machine.
StackSizes stack_sizes(const StackOptionsOfRun& options, std::size_t default_layers, std::size_t samples);

}  // namespace attn::tools
