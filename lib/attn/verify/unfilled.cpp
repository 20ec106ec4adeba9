#include <attn/verify/unfilled.hpp>

#include <algorithm>
#include <limits>

namespace attn {
namespace {

using Places = std::vector<std::size_t>;

const Places* empty_cells(const Submission& theirs, Step step) {
  const auto found = theirs.unfilled.find(step);
  return found == theirs.unfilled.end() ? nullptr : &found->second;
}

// What follows from their earlier numbers; zeros where those do not even fit each other.
Tensor<double> following(const Problem<double>& problem, const std::map<Step, StoredTensor>& theirs, Step step,
                         const Shape& shape) {
  Evaluator<double> run(problem);
  for (const auto& [earlier, known] : theirs) {
    if (earlier < step) run.know(earlier, [&stored = known]() { return stored.in<double>(); });
  }
  try {
    Tensor<double> tensor = run.compute(step);
    if (shape_of(tensor) == shape) return tensor;
  } catch (const std::exception&) {
  }
  return filled<double>(shape, 0.0);
}

// The other cells, in order.
Places filled_cells(std::size_t size, const Places& empty) {
  Places filled;
  for (std::size_t i = 0; i < size; ++i) {
    if (!std::binary_search(empty.begin(), empty.end(), i)) filled.push_back(i);
  }
  return filled;
}

Tensor<double> at(const Tensor<double>& tensor, const Places& places) {
  Tensor<double> chosen = empty<double>({places.size()});
  std::transform(places.begin(), places.end(), chosen.data(), [&](std::size_t i) { return tensor.data()[i]; });
  return chosen;
}

}  // namespace

Submission completed(const Problem<double>& problem, const Submission& theirs) {
  Submission whole{theirs.tensors, theirs.alignments, theirs.unmatched, {}};
  for (const auto& [step, empty] : theirs.unfilled) {
    const auto found = whole.tensors.find(step);
    if (found != whole.tensors.end() && empty.size() == found->second.size()) whole.tensors.erase(found);
  }
  for (auto& [step, stored] : whole.tensors) {
    const Places* empty = empty_cells(theirs, step);
    if (!empty) continue;
    Tensor<double> tensor = stored.in<double>();
    const Tensor<double> following_from_theirs = following(problem, whole.tensors, step, shape_of(tensor));
    for (const std::size_t i : *empty) tensor.data()[i] = following_from_theirs.data()[i];
    stored = std::move(tensor);
  }
  return whole;
}

void leave_out_unfilled(Verification& verification, const Submission& theirs,
                        const std::map<Step, Tensor<double>>& ours, const VerifyOptions& options) {
  for (StepVerdict& verdict : verification.steps) {
    const Places* empty = empty_cells(theirs, verdict.step);
    if (!empty) continue;
    verdict.unfilled = empty->size();
    const auto handed_in = theirs.tensors.find(verdict.step);
    if (verdict.difference.total == 0 || handed_in == theirs.tensors.end()) continue;
    const Places filled = filled_cells(verdict.difference.total, *empty);
    Tolerance tolerance = verdict.tolerance;
    tolerance.equal_nan = options.equal_nan;
    verdict.difference = compare(at(ours.at(verdict.step), filled), at(handed_in->second.in<double>(), filled), tolerance);
    if (!filled.empty()) verdict.difference.at = filled[verdict.difference.at];
    if (verification.first_divergent_step != verdict.step || !verification.excess) continue;
    for (const std::size_t i : *empty) verification.excess->data()[i] = std::numeric_limits<double>::quiet_NaN();
  }
  if (verification.verdict == Verdict::match) verification.verdict = Verdict::incomparable;
}

}  // namespace attn
