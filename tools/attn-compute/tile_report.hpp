// --path fused --detail: the fused path shown tile by tile, and held against the softmax of whole rows.
#pragma once

#include "attention_command.hpp"

#include <attn/ops/attention.hpp>
#include <attn/ops/fused/online_softmax_trace.hpp>

namespace attn::tools {

/// Charges what the numbers of all tiles take, before they are computed.
void charge_tiles(const AttentionCommand& command, const Sizes& sizes, Precision precision, MemoryBudget& budget);

/// Runs the same attention tile by tile and writes what happens in each, in the chosen format. `steps` is the
/// finished run step by step, `result` its description, `options` those of that run, appended keys exempt.
template <class T>
int present_tiles(const AttentionCommand& command, const AttentionResult& result, const AttentionSteps<T>& steps,
                  AttentionOptions<T> options);

}  // namespace attn::tools
