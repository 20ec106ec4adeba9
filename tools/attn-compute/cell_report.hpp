// --cell: one number of a run, taken apart and printed.
#pragma once

#include "attention_command.hpp"

namespace attn::tools {

/// "weights[0,1,2,3]" as a step and an index. Throws UsageError, with the nearest step name, if the text
/// is not a step of this trace followed by one index for each axis, in range.
CellAddress parse_cell(const Trace& trace, const std::string& text);

/// An element of a trace by the entry's own name, which may be a dotted path: the same errors as parse_cell.
struct FoundCell {
  const TraceEntry* entry;
  std::vector<std::size_t> index;
};
FoundCell find_cell(const Trace& trace, const std::string& text);

/// Writes the arithmetic behind one cell. `trace` is the run, or the block of a layer, that made it.
void write_cell(const AttentionCommand& command, const Trace& trace, const AttentionFacts& facts, const CellAddress& address);

/// Writes the arithmetic behind the cell that --cell names.
void write_cell(const AttentionCommand& command, const AttentionResult& result);

}  // namespace attn::tools
