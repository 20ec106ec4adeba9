// The subcommands of attn-compute, one file each: cmd_<name>.cpp.
#pragma once

#include "../common/run_tool.hpp"

namespace attn::tools {

Run setup_dot(CLI::App& app);
Run setup_sdpa(CLI::App& app);
Run setup_self(CLI::App& app);
Run setup_cross(CLI::App& app);
Run setup_mha(CLI::App& app);
Run setup_layer(CLI::App& app);
Run setup_transformer(CLI::App& app);
Run setup_mistakes(CLI::App& app);

}  // namespace attn::tools
