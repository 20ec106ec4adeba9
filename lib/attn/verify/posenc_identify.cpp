#include <attn/verify/posenc_identify.hpp>

#include <algorithm>

namespace attn::verify {
namespace {

bool has(const std::vector<Deviation>& deviations, const Deviation& one) {
  return std::find(deviations.begin(), deviations.end(), one) != deviations.end();
}

bool is_part_of(const std::vector<Deviation>& some, const std::vector<Deviation>& all) {
  return std::all_of(some.begin(), some.end(), [&all](const Deviation& one) { return has(all, one); });
}

}  // namespace

const std::vector<RoundingClass>& rounding_classes() {
  static const std::vector<RoundingClass> classes = {
      {"float64", 4e-15, 2e-15}, {"float32", 4e-7, 4e-7}, {"float16", 6e-4, 0}, {"bfloat16", 4.5e-3, 0}};
  return classes;
}

Identification simplest(std::vector<Explanation> fitting, const std::string& rounding) {
  std::stable_sort(fitting.begin(), fitting.end(), [](const Explanation& a, const Explanation& b) { return a.deviations.size() < b.deviations.size(); });
  Identification result;
  result.rounding = rounding;
  for (const Explanation& candidate : fitting) {
    const bool is_implied = std::any_of(result.explanations.begin(), result.explanations.end(), [&](const Explanation& known) {
      return is_part_of(known.deviations, candidate.deviations);
    });
    if (!is_implied) result.explanations.push_back(candidate);
  }
  if (result.explanations.empty()) return result;
  const std::vector<Deviation>& first = result.explanations.front().deviations;
  for (const Explanation& candidate : fitting) {
    if (candidate.deviations.size() != first.size() + 1 || !is_part_of(first, candidate.deviations)) continue;
    for (const Deviation& extra : candidate.deviations) {
      if (!has(first, extra) && !has(result.cannot_tell, extra)) result.cannot_tell.push_back(extra);
    }
  }
  return result;
}

}  // namespace attn::verify
