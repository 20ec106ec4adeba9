// The subcommands of attn-compute, one file each: cmd_<name>.cpp.
#pragma once

#include "../common/run_tool.hpp"
#include "purpose.hpp"

namespace attn::tools {

Run setup_dot(CLI::App& app, Purpose purpose);
Run setup_sdpa(CLI::App& app, Purpose purpose);
Run setup_self(CLI::App& app, Purpose purpose);
Run setup_cross(CLI::App& app, Purpose purpose);
Run setup_mha(CLI::App& app, Purpose purpose);
Run setup_layer(CLI::App& app, Purpose purpose);
Run setup_transformer(CLI::App& app);
Run setup_scaling(CLI::App& app);
Run setup_residual(CLI::App& app);
Run setup_depth(CLI::App& app);
Run setup_mistakes(CLI::App& app);
Run setup_probe(CLI::App& app);

/// One of the above for a purpose, as a row of the table wants it.
template <Run (*setup)(CLI::App&, Purpose), Purpose purpose>
Run setup_for(CLI::App& app) {
  return setup(app, purpose);
}

}  // namespace attn::tools
