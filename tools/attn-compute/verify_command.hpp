// What becomes of a run under --verify and under --mistake.
#pragma once

#include "attention_command.hpp"

#include <attn/verify/problem.hpp>

#include <map>

namespace attn::tools {

/// Judges every file of --verify; exit_done if all match, else the worst exit code of any file. Of several
/// files one that is refused does not keep the others from being judged.
int verify_files(const AttentionCommand& command, const Problem<double>& problem);

/// The steps of the run with the mistakes of --mistake made. Throws UsageError for a mistake that cannot
/// be made in this run.
std::map<Step, Tensor<double>> run_wrong(const AttentionCommand& command, const Problem<double>& problem);

}  // namespace attn::tools
