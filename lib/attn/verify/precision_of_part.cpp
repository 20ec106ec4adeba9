#include <attn/verify/coarse_exponential.hpp>
#include <attn/verify/precision_loss.hpp>
#include <attn/verify/precision_of_part.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace attn {
namespace {

// Of the step and of what it reads, theirs where it was handed in and fits.
std::map<Step, Tensor<double>> read_of_theirs(const Part& part, const Submission& theirs, Step step) {
  const std::map<Step, Shape> shapes = step_shapes(part.problem());
  std::vector<Step> steps = operands_of(step);
  steps.push_back(step);
  std::map<Step, Tensor<double>> read;
  for (const Step each : steps) {
    const auto found = theirs.tensors.find(each);
    if (found == theirs.tensors.end() || shapes.count(each) == 0) continue;
    StoredTensor room;
    const StoredTensor& cut = part.cut(each, found->second, room);
    if (cut.shape() == shapes.at(each)) read.emplace(each, cut.in<double>());
  }
  return read;
}

void leave_out_padding(const Problem<double>& problem, std::map<Step, Tensor<double>>& theirs) {
  Evaluator<double> right(problem);
  for (auto& [step, tensor] : theirs) {
    if (!has_padding(problem, step)) continue;
    if (auto counting = with_padding_of(problem, step, tensor, &right.get(step))) tensor = std::move(*counting);
  }
}

}  // namespace

PrecisionOfPart precision_of_part(const Part& part, const Submission& theirs, const Diagnosis& suspected, const VerifyOptions& options, Padding padding) {
  const Step step = suspected.step;
  std::map<Step, Tensor<double>> read = read_of_theirs(part, theirs, step);
  if (padding == Padding::left_out) leave_out_padding(part.problem(), read);
  const Problem<float> narrow = in_float32(part.problem());
  Evaluator<double> run(part.problem());
  Evaluator<float> single(narrow);
  for (const auto& [operand, tensor] : read) {
    if (operand == step) continue;
    run.know(operand, tensor);
    single.know(operand, [&tensor = tensor] { return Tensor<float>(xt::cast<float>(tensor)); });
  }
  std::map<Step, Tensor<double>> ours;
  for (const Step operand : operands_of(step)) {
    if (part.problem().has(operand)) ours.emplace(operand, run.get(operand));
  }
  Tensor<double>& local = ours.emplace(step, run.compute(step)).first->second;
  const Tolerance rounding = rounding_tolerance(local, single.compute(step));
  Tolerance tolerance = options.tolerance.value_or(rounding);
  tolerance.equal_nan = options.equal_nan;
  if (padding == Padding::left_out) local = with_padding_of(part.problem(), step, local, &read.at(step)).value_or(local);
  if (agree(local, read.at(step), tolerance)) return {};
  const Divergence divergence{part.problem(), read, ours, {}, step, rounding, {}};
  return {true, suspected.id == "W6" ? approximate_exponential(divergence, run, local) : reduced_precision(divergence, local)};
}

std::optional<Diagnosis> lost_in_every_part(const Problem<double>& problem, const Submission& theirs, const Diagnosis& suspected,
                                            const VerifyOptions& options, Padding padding) {
  const auto parts = has_heads(problem, suspected.step) ? parts_of(problem) : parts_with_all_heads(problem);
  std::vector<PrecisionOfPart> found(parts.size());
  for_each_part(problem, parts, [&](const Part& part, std::size_t index) {
    if (part.judges(suspected.step)) found[index] = precision_of_part(part, theirs, suspected, options, padding);
  });
  std::map<std::string, std::size_t> variants;
  for (const PrecisionOfPart& part : found) {
    if (!part.differs) continue;
    if (!part.loss) return std::nullopt;
    ++variants[part.loss->variant];
  }
  const auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto most = std::max_element(variants.begin(), variants.end(), fewer);
  if (most == variants.end()) return std::nullopt;
  Diagnosis lost = suspected;
  lost.variant = most->first;
  return lost;
}

}  // namespace attn
