// The subcommands of complexity-compare, one file each.
#pragma once

#include "../common/run_tool.hpp"

namespace attn::tools {

Run setup_table(CLI::App& app);
Run setup_sweep(CLI::App& app);
Run setup_crossover(CLI::App& app);
Run setup_paths(CLI::App& app);
Run setup_measure(CLI::App& app);
Run setup_reconcile(CLI::App& app);

}  // namespace attn::tools
