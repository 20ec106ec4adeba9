#include <attn/verify/measured.hpp>
#include <attn/verify/median_ratio.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/temperature.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace attn {
namespace {

using Number = std::optional<double>;

Number first_forbidden(const Tensor<double>& scores, const Tensor<double>& mask) {
  for (std::size_t i = 0; i < mask.size() && scores.size() == mask.size(); ++i) {
    if (mask.data()[i] == -std::numeric_limits<double>::infinity()) return scores.data()[i];
  }
  return std::nullopt;
}

// The c of c·tanh(s/c) at the largest score, where it bends most; c·tanh(s/c) grows with c.
Number cap_of(const Tensor<double>& capped, const Tensor<double>& scores) {
  std::size_t largest = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::abs(scores.data()[i]) > std::abs(scores.data()[largest])) largest = i;
  }
  if (scores.size() == 0 || capped.size() != scores.size()) return std::nullopt;
  const double score = std::abs(scores.data()[largest]), target = std::abs(capped.data()[largest]);
  if (!(target < score)) return std::nullopt;
  double low = target, high = 1e6 * (1 + target);
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    (middle * std::tanh(score / middle) < target ? low : high) = middle;
  }
  return high;
}

// The step as the mistake makes it, and what it should have been made from. Weights of theirs, which may be large, are
// read as they are.
Number read_off(MistakenRun& run, const std::string& id, const Tensor<double>* their_weights) {
  if (id == "C7") {
    const Number factor = median_ratio(run.get(Step::scores_scaled), run.get(Step::scores_raw));
    if (!change(run.mistakes(), Step::weights)) return factor;
    const Number in_softmax = factor_in_softmax(run.get(Step::weights), run.get(Step::scores_masked));
    return factor && in_softmax ? Number(*factor * *in_softmax) : std::nullopt;
  }
  if (id == "M9") return first_forbidden(run.get(Step::scores_masked), run.get(Step::mask));
  if (id == "X2") return cap_of(run.get(Step::scores_capped), run.get(Step::scores_scaled));
  const Number kept = median_ratio(their_weights ? *their_weights : run.get(Step::weights), run.compute(Step::weights));
  return kept ? Number(1 - 1 / *kept) : std::nullopt;
}

}  // namespace

std::optional<double> measured_number(const std::string& id, const std::string& variant,
                                      const Problem<double>& problem,
                                      const std::map<Step, StoredTensor>& theirs) {
  if (id != "C7" && id != "M9" && id != "W4" && id != "X2") return std::nullopt;
  for (const auto& [step, tensor] : theirs) tensor.put_back();  // few of them are read
  for (const Mistake* mistake : mistakes_of(id)) {
    if (mistake->variant != variant) continue;
    try {
      Tensor<double> copy;
      const auto their_tensor = [&](Step step) -> const Tensor<double>* {
        const auto found = theirs.find(step);
        return found == theirs.end() ? nullptr : &found->second.widened(copy);
      };
      MistakenRun run(problem, {mistake}, their_tensor);
      for (const auto& [step, tensor] : theirs) {
        if (step < mistake->acts_on.front()) run.know(step, [&stored = tensor]() { return stored.in<double>(); });
      }
      if (const Number number = read_off(run, id, id == "W4" ? their_tensor(Step::weights) : nullptr)) return number;
    } catch (const std::exception&) {
      continue;  // their tensors before the step do not fit each other
    }
  }
  return std::nullopt;
}

}  // namespace attn
