#include <attn/verify/in_format.hpp>

#include <iterator>
#include <vector>

namespace attn {
namespace {

// What a step may read, of those that a run has; of a layer's steps it is not told apart from what stands before them.
std::vector<Step> read_by(const Problem<double>& problem, Step step) {
  std::vector<Step> read;
  if (!problem.layer) {
    for (const Step operand : operands_of(step)) {
      if (problem.has(operand)) read.push_back(operand);
    }
    return read;
  }
  for (const Step before : comparable_steps(problem)) {
    if (before < step) read.push_back(before);
  }
  return read;
}

// The steps that this one is computed from and that they did not hand in, as far as nothing of theirs comes between.
std::set<Step> unseen_stages(const Divergence& d) {
  std::set<Step> stages;
  if (d.problem.layer) return stages;
  const auto is_theirs = [&](Step step) { return is_known(d, step); };
  for (const Step step : d.problem.steps) {
    if (step < d.step && !is_theirs(step) && is_computed_from(d.problem, d.step, step, is_theirs)) stages.insert(step);
  }
  return stages;
}

Tensor<double> made_in_format(const Divergence& d, const std::set<Step>& stages, Mantissa mantissa, Rounded rounded) {
  RunInFormat run(d.problem, stages, mantissa, rounded);
  for (const auto& [step, tensor] : d.ours) {
    if (step < *stages.begin()) run.know(step, tensor);
  }
  for (const auto& [step, tensor] : d.theirs) {
    if (step < d.step && is_known(d, step)) run.know(step, tensor);
  }
  return run.take(d.step);
}

}  // namespace

Tensor<double> RunInFormat::produce(Step step) {
  if (stages_.count(step) == 0) return compute(step);
  if (rounded_ == Rounded::result) return rounded_to(compute(step), mantissa_);
  Evaluator<double> stage(problem());
  for (const Step operand : read_by(problem(), step)) {
    stage.know(operand, [this, operand] { return rounded_to(get(operand), mantissa_); });
  }
  Tensor<double> result = stage.compute(step);
  return rounded_ == Rounded::both ? rounded_to(result, mantissa_) : result;
}

void try_runs_in_format(const Divergence& d, Mantissa mantissa, const Tensor<double>& expected,
                        const std::function<bool(const Tensor<double>&)>& is_it) {
  if (is_it(rounded_to(expected, mantissa))) return;
  const Tensor<double> from_rounded = made_in_format(d, {d.step}, mantissa, Rounded::operands);
  if (is_it(from_rounded) || is_it(rounded_to(from_rounded, mantissa))) return;
  const std::set<Step> unseen = unseen_stages(d);
  if (unseen.empty()) return;
  std::vector<std::set<Step>> tried = {unseen};
  tried.front().insert(d.step);
  const bool is_small = cells_of(d.problem) <= most_cells_to_try_stages;
  for (auto stage = is_small ? unseen.begin() : std::prev(unseen.end()); stage != unseen.end(); ++stage) tried.push_back({*stage});
  for (const std::set<Step>& stages : tried) {
    for (const Rounded rounded : {Rounded::operands, Rounded::result, Rounded::both}) {
      if (is_it(made_in_format(d, stages, mantissa, rounded))) return;
    }
  }
}

}  // namespace attn
