// What the sentences about a mistake say of this run, and of the tensors that were handed in.
#pragma once

#include "../common/verify_report.hpp"

namespace attn::tools {

/// Sizes, options and what would be right here.
lessons::Placeholders values_of_run(const Problem<double>& problem, const Diagnosis& diagnosis, lessons::Language language);

/// The number that the mistake has in their tensors; empty for one without a number.
lessons::Placeholders values_measured(const Problem<double>& problem, const Diagnosis& diagnosis, const Submission& theirs);

}  // namespace attn::tools
