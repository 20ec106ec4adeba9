// Everything that can contradict itself in a module of attention and its call, found all at once.
#pragma once

#include <attn/shapes/module.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace attn::shapes {

/// One contradiction. Its sentences are lesson entries "shapes.rule.ID" (what is wrong, with both numbers)
/// and "shapes.repair.ID"; `values` fills their placeholders.
struct Finding {
  std::string rule;                                     ///< ID: "divisible"
  std::string subject;                                  ///< what it is about: "num_heads", "--input", "mha(x, x, x)"
  std::map<std::string, std::string, std::less<>> values;
};

/// The IDs of all rules, in the order in which they are checked.
const std::vector<std::string_view>& rule_names();

/// Every contradiction of the module with itself and with the call; none means that the call works.
/// A call without a query checks the constructor only.
std::vector<Finding> find_contradictions(const ModuleConfig& config, const ModuleCall& call);

/// The shape that the call returns; the call must have no contradiction.
Shape output_shape(const ModuleConfig& config, const ModuleCall& call);

/// Nearest widths to d_model that `heads` divides: the multiple below (if any) and the multiple above.
std::vector<std::size_t> nearest_multiples(std::size_t d_model, std::size_t heads);

/// "1, 2, 5, 10": the divisors of n, at most `most` of them, with "…" if there are more.
std::string divisors(std::size_t n, std::size_t most = 16);

}  // namespace attn::shapes
