#include "finite.hpp"

#include <attn/error.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace attn::tools {
namespace {

// A mask says −inf on purpose, and so do the scores and maxima under it; NaN and +inf never.
bool may_be_minus_infinity(Step step) {
  return step == Step::mask || step == Step::scores_masked || step == Step::row_max;
}

}  // namespace

void require_finite(const Trace& trace) {
  for (const TraceEntry& entry : trace.entries) {
    for (std::size_t i = 0; i < entry.tensor.size(); ++i) {
      const double value = entry.tensor[i];
      if (std::isfinite(value)) continue;
      if (value == -std::numeric_limits<double>::infinity() && may_be_minus_infinity(entry.step)) continue;
      throw NonFiniteError(entry.name, fmt::format("element {} of {} is {}, and --strict asks for finite results", i,
                                                   to_string(entry.tensor.shape()), value));
    }
  }
}

}  // namespace attn::tools
