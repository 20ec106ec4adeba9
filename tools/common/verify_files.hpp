// --verify around the judgement itself: reading the files, and writing what was found.
#pragma once

#include "output_options.hpp"
#include "verify_options.hpp"
#include "verify_report.hpp"

#include <attn/verify/align.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace attn::tools {

/// The tensors of a file. An array without a name stands for the step `unnamed`.
/// `max_memory` in bytes; 0: what is available.
std::vector<ForeignTensor> read_submission(const std::string& path, Step unnamed, std::size_t max_memory);

/// The part of the options that judges numbers.
VerifyOptions verify_options_of(const VerifyCommandOptions& options);

/// Writes the reports to --output in the chosen format; exit_done if every file matches, else exit_different.
int report_judged(const std::vector<Judged>& judged, const ReportWords& words, const OutputOptions& output);

}  // namespace attn::tools
