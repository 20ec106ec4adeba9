// --verify around the judgement itself: reading the files, and writing what was found.
#pragma once

#include "output_options.hpp"
#include "verify_options.hpp"
#include "verify_report.hpp"

#include <attn/io/array.hpp>
#include <attn/verify/align.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace attn::tools {

/// The tensors of a file, float32 and narrower ones in float32. An array without a name has that of the file, and is
/// the step `unnamed` where that says nothing.
/// A worksheet may have cells that were not filled in.
/// `max_memory` in bytes; 0: what is available.
std::vector<ForeignTensor> read_submission(const std::string& path, Step unnamed, std::size_t max_memory,
                                           io::EmptyCells empty_cells = io::EmptyCells::refused);

/// The tensors as steps of ours; a step of --blank that is not among them counts as not filled in.
Submission aligned(std::vector<ForeignTensor> theirs, const std::map<Step, Shape>& ours, const NameMap& map,
                   const OutputOptions& output);

/// The part of the options that judges numbers.
VerifyOptions verify_options_of(const VerifyCommandOptions& options);

/// judge(file) for every file of --verify. Of several files one that is refused does not keep the others from
/// being judged: it is reported with its reason. A single one throws.
std::vector<Judged> judge_files(const VerifyCommandOptions& options, const std::function<Judged(const std::string&)>& judge);

/// Ends their tensors, unless the report shows them: only a page does, and of many files they would fill the memory.
void keep_for_report(Judged& judged, const OutputOptions& output);

/// The words of a report as the options have them, of a run of these sizes.
ReportWords report_words(const OutputOptions& output, const Sizes& sizes);

/// Writes the reports to --output in the chosen format; exit_done if every file matches, else the worst exit code
/// of any file: exit_different, or that of the error it was refused with.
int report_judged(const std::vector<Judged>& judged, const ReportWords& words, const OutputOptions& output);

}  // namespace attn::tools
