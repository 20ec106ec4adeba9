// The help of a subcommand: examples first, then the options by group, in the order of a run.
#pragma once

#include "cli11_forward.hpp"

#include <string>

namespace attn::tools {

/// `name` is "attn-compute mha".
std::string help_of_subcommand(const CLI::App& app, const std::string& name, const std::string& summary,
                               const std::string& examples);

}  // namespace attn::tools
