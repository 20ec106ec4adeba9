// Formulas whose operands are steps: "<q>·<k>ᵀ" in the step table is Q·Kᵀ, and Q°·K⁺ᵀ in a run that turned
// its queries and read its keys from a cache.
#pragma once

#include <attn/steps.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace attn {

/// The formula with symbol_of(step) in the place of every <step>, and words_of(text) of what is between them (as it
/// is, without that function). Throws std::logic_error for a name in angle brackets that is no step: formulas are
/// data of this library.
std::string with_symbols(std::string_view formula, const std::function<std::string(Step)>& symbol_of,
                         const std::function<std::string(std::string_view)>& words_of = {});

/// With the symbols of the step table.
std::string with_symbols(std::string_view formula);

}  // namespace attn
