// --strict: a result that is not a finite number is an error.
#pragma once

#include <attn/trace.hpp>

namespace attn::tools {

/// Throws NonFiniteError, naming the step and the element, for a NaN or an infinity; −inf in a mask and in the
/// scores under it is meant.
void require_finite(const Trace& trace);

}  // namespace attn::tools
