// One number of a layer's own steps, taken apart: residual, normalisation, feed-forward.
#pragma once

#include <attn/lessons/cell.hpp>

namespace attn {

/// Whether the step belongs to a layer, outside of attention.
bool is_layer_step(Step step);

/// As explain_cell. The trace holds the block around the step: what its sublayer was given as Step::x, what
/// the sublayer returned as Step::output, what is normalised as Step::residual, what the feed-forward reads
/// as Step::norm, each under its own name. `facts.layer` must be set.
CellExplanation explain_layer_cell(const Trace& trace, const AttentionFacts& facts, const CellAddress& address);

}  // namespace attn
