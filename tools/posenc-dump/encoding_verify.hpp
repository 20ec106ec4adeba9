// --verify and --mistake of the subcommands that compute tensors.
#pragma once

#include "../common/array_report.hpp"
#include "../common/picture.hpp"
#include "../common/verify_options.hpp"
#include "deviations.hpp"

#include <attn/verify/posenc_verify.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace attn::tools {

/// Throws UsageError for options that contradict each other, for a mistake that is none of `ids`, and for
/// pictures of what is only judged.
void check_encoding_verify(const VerifyCommandOptions& verify, Precision dtype, const PictureOptions& picture, const std::vector<std::string>& ids = {});

/// Says of a run which mistakes it was made with. Its notes and formulas speak of the right numbers, so they go.
void add_mistakes(ArrayReport& report, const VerifyCommandOptions& verify, const OutputOptions& output);

/// How a report is worded and written.
struct EncodingReport {
  const OutputOptions& output;
  EncodingSizes sizes{};
  Step unnamed = Step::pos_encoding;  ///< what an array without a name is
  std::size_t max_memory = 0;
  bool has_cells = false;
};

/// Judges every file of --verify; exit_done if all match, else exit_different.
int verify_encoding_files(const VerifyCommandOptions& verify, const posenc::EncodingRun& run, const EncodingReport& report);

}  // namespace attn::tools
