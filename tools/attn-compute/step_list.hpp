// --list-steps: what a subcommand can show, and what a step that was not computed would need.
#pragma once

#include "../common/output_options.hpp"

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

}  // namespace attn::tools
