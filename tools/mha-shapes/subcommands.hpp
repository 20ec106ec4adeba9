#pragma once

#include "../common/run_tool.hpp"

namespace attn::tools {

Run setup_trace(CLI::App& app);
Run setup_check(CLI::App& app);
Run setup_layouts(CLI::App& app);
Run setup_masks(CLI::App& app);
Run setup_why(CLI::App& app);
Run setup_quiz(CLI::App& app);

}  // namespace attn::tools
