// --list-steps: what a subcommand can show, and what a step that was not computed would need.
#pragma once

#include "../common/output_options.hpp"

#include <attn/render/table.hpp>
#include <attn/steps.hpp>

#include <string>
#include <vector>

namespace attn::tools {

struct ListedStep {
  std::string path;       ///< "weights"; in a layer "self.weights"
  Step step;
  bool optional = false;  ///< computed only with certain options, which the list then names
};

/// Writes the steps that --steps selects, all without it: for people two lines or three a step, in the other
/// formats a table. Throws UsageError for a glob that selects nothing.
int write_step_list(const std::vector<ListedStep>& steps, const OutputOptions& options);

/// The columns of a list of steps, titled in the language; programs read the keys.
std::vector<render::Column> step_columns(lessons::Language language, const std::vector<std::string>& keys);

}  // namespace attn::tools
