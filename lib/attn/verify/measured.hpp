// The free number of a mistake, read off somebody's tensors: with which factor, fill value, rate or cap.
#pragma once

#include <attn/verify/problem.hpp>
#include <attn/verify/stored_tensor.hpp>

#include <map>
#include <optional>
#include <string>

namespace attn {

/// What the run has that makes this variant of a mistake: the factor on the scores (C7), the fill value
/// (M9), the rate p of dropout (W4), the soft cap (X2). Where the step was not handed in, the number that
/// the table of mistakes assumes. Empty for every other mistake, and where this one cannot be made.
std::optional<double> measured_number(const std::string& id, const std::string& variant,
                                      const Problem<double>& problem,
                                      const std::map<Step, StoredTensor>& theirs);

}  // namespace attn
