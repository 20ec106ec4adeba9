// One setup function a subcommand; each lives in cmd_<name>.cpp.
#pragma once

#include "../common/run_tool.hpp"

namespace attn::tools {

Run setup_sinusoidal(CLI::App& app);
Run setup_binary(CLI::App& app);
Run setup_rotation(CLI::App& app);
Run setup_frequencies(CLI::App& app);
Run setup_similarity(CLI::App& app);
Run setup_learned(CLI::App& app);
Run setup_rope(CLI::App& app);
Run setup_alibi(CLI::App& app);
Run setup_precision(CLI::App& app);
Run setup_identify(CLI::App& app);

}  // namespace attn::tools
