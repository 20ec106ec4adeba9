#include "stack_options.hpp"

#include "../common/memory_budget.hpp"

#include <attn/error.hpp>
#include <attn/shape.hpp>
#include <attn/weights/layouts.hpp>
#include <attn/weights/multihead_shape.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <limits>

namespace attn::tools {

void add_stack_options(CLI::App& app, StackOptionsOfRun& options, std::size_t default_layers) {
  add_size_options(app, options.sizes, {"--len", "--d-model", "--heads"});
  add_count(app, "--layers", options.layers, fmt::format("Layers of the stack (default {})", default_layers))->group("Sizes");
  add_count(app, "--draws", options.draws, "Random inputs, each with weights of its own (default 20)")->group("Sizes");
}

StackSizes stack_sizes(const StackOptionsOfRun& options, std::size_t default_layers, std::size_t samples) {
  StackSizes sizes;
  sizes.layers = options.layers.value_or(default_layers);
  sizes.len = options.sizes.len.value_or(sizes.len);
  sizes.d_model = options.sizes.d_model.value_or(sizes.d_model);
  sizes.heads = options.sizes.heads.value_or(sizes.heads);
  sizes.draws = options.draws.value_or(sizes.draws);
  MultiheadShape shape;
  shape.d_model = sizes.d_model;
  shape.heads = sizes.heads;
  resolved(layout_table().front(), shape);  // refuses what cannot be split
  // Of each layer: maps of attention and feed-forward, and some 12 tensors of rows and 6 maps of weights.
  const std::optional<std::size_t> weights = element_count({sizes.layers, 12, sizes.d_model, sizes.d_model});
  const std::optional<std::size_t> rows = element_count({sizes.layers, samples, sizes.len, 12, sizes.d_model});
  const std::optional<std::size_t> maps = element_count({sizes.layers, samples, 6 * sizes.heads, sizes.len, sizes.len});
  const std::size_t most = std::numeric_limits<std::size_t>::max() / sizeof(double);
  MemoryBudget budget(0);
  for (const auto& count : {weights, rows, maps}) {
    budget.charge(count && *count < most ? *count * sizeof(double) : std::numeric_limits<std::size_t>::max(), "the stacks of one draw");
  }
  return sizes;
}

}  // namespace attn::tools
