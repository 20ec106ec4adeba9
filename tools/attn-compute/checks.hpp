// Statements about a result that are verified on the numbers of this very run.
#pragma once

#include "notes.hpp"

#include <attn/render/document.hpp>

#include <vector>

namespace attn::tools {

/// The checks of a step: rows of weights sum to one, forbidden keys get nothing, averages stay among the
/// values, input and output shapes agree.
std::vector<render::Check> checks_of(const TraceEntry& entry, const NoteContext& context);

}  // namespace attn::tools
