// --cell: one number of a run, taken apart and printed.
#pragma once

#include "attention_command.hpp"

namespace attn::tools {

/// "weights[0,1,2,3]" as a step and an index. Throws UsageError, with the nearest step name, if the text
/// is not a step of this trace followed by one index for each axis, in range.
CellAddress parse_cell(const Trace& trace, const std::string& text);

/// Writes the arithmetic behind the cell that --cell names.
void write_cell(const AttentionCommand& command, const AttentionResult& result);

}  // namespace attn::tools
