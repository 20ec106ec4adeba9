// What becomes of a backward pass under --verify.
#pragma once

#include "attention_command.hpp"

#include <attn/verify/problem.hpp>

namespace attn::tools {

/// Judges every file of --verify; exit_done if all match, else the worst exit code of any file.
int verify_gradient_files(const AttentionCommand& command, const Sizes& sizes, const Problem<double>& problem, const Tensor<double>& upstream);

}  // namespace attn::tools
