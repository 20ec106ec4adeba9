// What becomes of a run of a whole model under --verify.
#pragma once

#include "../common/output_options.hpp"
#include "../common/verify_options.hpp"

#include <attn/verify/model_walk.hpp>

namespace attn::tools {

struct ModelVerification {
  const VerifyCommandOptions& verify;
  const OutputOptions& output;
  std::size_t max_memory;  ///< bytes; 0: what is available
};

/// Judges every file of --verify; exit_done if all match, else the worst exit code of any file.
int verify_model_files(const ModelVerification& command, const Sizes& sizes, const ModelRun& run);

}  // namespace attn::tools
