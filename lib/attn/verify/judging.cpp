#include <attn/verify/judging.hpp>
#include <attn/verify/rounding.hpp>

#include <memory>

namespace attn {
namespace {

constexpr std::size_t most_block_rows = 24, most_block_columns = 32;  // a map of a matrix says no more

}  // namespace

Judging::Judging(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options)
    : problem_(problem), theirs_(theirs.tensors), options_(options), shapes_(step_shapes(problem)), parts_(parts_of(problem)) {}

std::vector<StepVerdict> Judging::judged() const {
  std::vector<std::map<Step, Found>> of_parts(parts_.size());
  for_each_part(problem_, parts_, [&](const Part& part, std::size_t index) { of_parts[index] = found_in(part); });
  // In the order of the parts, whichever was judged first.
  std::map<Step, Found> all;
  for (std::size_t index = 0; index < parts_.size(); ++index) {
    for (const auto& [step, found] : of_parts[index]) add(all[step], found, step, parts_[index]);
  }
  std::vector<StepVerdict> verdicts;
  for (const auto& [step, shape] : shapes_) verdicts.push_back(verdict_of(step, shape, all));
  return verdicts;
}

std::optional<BlockExcess> Judging::excess_at(const StepVerdict& verdict) const {
  const Status status = verdict.difference.status;
  if (verdict.ours.empty() || (status != Status::mismatch && status != Status::nonfinite)) return std::nullopt;
  Tensor<double> ours = empty<double>(verdict.ours);
  for_each_part(problem_, parts_, [&](const Part& part, std::size_t) {
    if (part.judges(verdict.step)) part.put(verdict.step, Evaluator<double>(part.problem()).get(verdict.step), ours);
  });
  return block_excess(ours, theirs_.at(verdict.step).view(), verdict.tolerance, most_block_rows, most_block_columns);
}

std::map<Step, Judging::Found> Judging::found_in(const Part& part) const {
  std::map<Step, Found> found;
  Evaluator<double> run(part.problem());
  Problem<float> narrow;
  std::unique_ptr<Evaluator<float>> single;
  StoredTensor room;
  for (const auto& [step, shape] : shapes_) {
    const auto theirs = theirs_.find(step);
    if (theirs == theirs_.end() || theirs->second.shape() != shape || !part.judges(step)) continue;
    const Tensor<double>& ours = run.get(step);
    run.release(step);
    const TensorView values = part.cut(step, theirs->second, room).view();
    // How far rounding really goes shows in a float32 run of ours. As long as the least that it can be is enough,
    // there is no need for one.
    const auto measured = [&] {
      const Tolerance tolerance = rounding_tolerance(ours, single->get(step));
      single->release(step);
      return tolerance;
    };
    Found& judged = found[step] = by(options_.tolerance ? *options_.tolerance : single ? measured() : least_tolerance(ours), ours, values);
    if (options_.tolerance || single || judged.cells.passes()) continue;
    narrow = in_float32(part.problem());
    single = std::make_unique<Evaluator<float>>(narrow);
    judged = by(measured(), ours, values);
  }
  return found;
}

Judging::Found Judging::by(Tolerance tolerance, const Tensor<double>& ours, const TensorView& theirs) const {
  tolerance.equal_nan = options_.equal_nan;
  Found found{{}, tolerance};
  found.cells.add(ours.data(), theirs, tolerance);
  return found;
}

void Judging::add(Found& all, const Found& found, Step step, const std::optional<Slice>& slice) const {
  const bool worse = found.cells.worst_excess() > all.cells.worst_excess();
  if (worse || (all.cells.passes() && found.tolerance.atol >= all.tolerance.atol)) all.tolerance = found.tolerance;
  all.cells.merge(found.cells, [&, step = step](std::size_t at) { return slice ? position_in_whole(problem_, step, *slice, at) : at; });
}

StepVerdict Judging::verdict_of(Step step, const Shape& shape, const std::map<Step, Found>& found) const {
  StepVerdict verdict{step, {}, Local::unknown, {}, {}, shape, {}};
  const auto theirs = theirs_.find(step);
  if (theirs == theirs_.end()) return verdict;
  verdict.theirs = theirs->second.shape();
  if (const auto judged = found.find(step); judged != found.end()) {
    verdict.difference = judged->second.cells.finish();
    verdict.tolerance = judged->second.tolerance;
  } else {
    verdict.difference.status = Status::shape;
    verdict.tolerance = options_.tolerance.value_or(least_tolerance(empty<double>({0})));
  }
  return verdict;
}

}  // namespace attn
