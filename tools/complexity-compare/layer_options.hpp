// What every subcommand shares: the sizes that the formulas' letters stand for, and which layers to show.
#pragma once

#include "../common/cli11_forward.hpp"

#include "../common/table_report.hpp"

#include <attn/cost/complexity.hpp>

#include <string>
#include <vector>

namespace attn::tools {

/// Sizes as typed; every one may be a range where the subcommand allows it.
struct LayerOptions {
  std::vector<cost::Count> len = {128};
  std::vector<cost::Count> d_model = {512};
  std::vector<cost::Count> kernel = {3};
  std::size_t batch = 1;
  std::size_t heads = 8;
  std::size_t window = 16;
  std::size_t dilation = 0;    ///< 0: the kernel's width
  std::size_t memory_len = 0;  ///< 0: the length
  cost::Count bytes = 4;
  std::vector<cost::Layer> layers;
};

/// Adds the named options; those in `ranges` accept several sizes. "--layers" chooses rows of the table.
void add_layer_options(CLI::App& app, LayerOptions& options, const std::vector<std::string>& names,
                       const std::vector<std::string>& ranges = {});

/// The numbers of the letters for one choice of n, d and k. Throws UsageError when the heads do not divide
/// the width.
cost::Values values_of(const LayerOptions& options, cost::Count len, cost::Count d_model, cost::Count kernel);

/// With the first size of each.
cost::Values values_of(const LayerOptions& options);

/// "n = 128, d = 512, k = 3, h = 8"
std::string describe(const cost::Values& values, const std::vector<cost::Letter>& letters);

}  // namespace attn::tools
