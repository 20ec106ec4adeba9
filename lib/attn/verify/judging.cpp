#include <attn/verify/judging.hpp>
#include <attn/verify/padding.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>
#include <memory>

namespace attn {
namespace {

// A map of a matrix says no more.
BlockGrid grid_of(const Shape& shape) { return {shape, 24, 32}; }

}  // namespace

// What an output is mapped from, and as a float32 run has it, which is made of the parts where something differs.
struct Judging::Joined {
  Joined(const Problem<double>& problem, const Parts& parts) : exact(problem, parts), single(problem, parts), has_single(parts.size(), 0) {}

  JoinedHeads<double> exact;
  JoinedHeads<float> single;
  std::vector<char> has_single;
};

Judging::Judging(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options)
    : problem_(problem), theirs_(theirs.tensors), options_(options), shapes_(step_shapes(problem)) {
  const Parts parts = parts_of(problem);
  std::vector<FoundSteps> of_parts(parts.size());
  Joined joined(problem, parts);
  for_each_part(problem, parts, [&](const Part& part, std::size_t index) { of_parts[index] = found_in(part, index, joined); });
  // In the order of the parts, whichever was judged first.
  for (std::size_t index = 0; index < parts.size(); ++index) {
    for (const auto& [step, found] : of_parts[index]) add(found_[step], found, step, parts[index]);
  }
  if (joined.exact.needed() && is_comparable(Step::output)) add(found_[Step::output], found_of_joined(joined, parts), Step::output, std::nullopt);
  for (const auto& [step, shape] : shapes_) verdicts_.push_back(verdict_of(step, shape));
}

const StepVerdict* Judging::first() const {
  return first_that([](const StepVerdict& verdict) { return verdict.differs(); });
}

const StepVerdict* Judging::first_that_counts() const {
  return first_that([](const StepVerdict& verdict) { return verdict.differs_where_it_counts(); });
}

std::optional<Judging::Map> Judging::map_of(Step step) const {
  const StepVerdict* const verdict = verdict_on(verdicts_, step);
  const auto found = found_.find(step);
  if (found == found_.end() || !verdict->differs() || (verdict != first() && verdict != first_that_counts())) return std::nullopt;
  const BlockGrid grid = grid_of(verdict->ours);
  Map map{grid, filled<double>(grid.shape(), 0.0)};
  for (const auto& [block, excess] : found->second.blocks) {
    double& worst = map.worst.data()[block];
    worst = std::max(worst, excess);
  }
  return map;
}

const StepVerdict* Judging::first_that(bool (*is_it)(const StepVerdict&)) const {
  const auto found = std::find_if(verdicts_.begin(), verdicts_.end(), is_it);
  return found == verdicts_.end() ? nullptr : &*found;
}

bool Judging::is_comparable(Step step) const {
  const auto theirs = theirs_.find(step);
  return theirs != theirs_.end() && theirs->second.shape() == shapes_.at(step);
}

Judging::FoundSteps Judging::found_in(const Part& part, std::size_t index, Joined& joined) const {
  FoundSteps found;
  Evaluator<double> run(part.problem());
  Problem<float> narrow;
  std::unique_ptr<Evaluator<float>> single;
  bool any_differs = false, any_counting_differs = false;
  StoredTensor room;
  for (const auto& [step, shape] : shapes_) {
    if (!is_comparable(step) || !part.judges(step)) continue;
    const Tensor<double>& ours = run.get(step);
    run.release(step);
    const TensorView values = part.cut(step, theirs_.at(step), room).view();
    // How far rounding really goes shows in a float32 run of ours. As long as the least that it can be is enough,
    // there is no need for one.
    const auto measured = [&] {
      const Tolerance tolerance = rounding_tolerance(ours, single->get(step));
      single->release(step);
      return tolerance;
    };
    const auto judged_by = [&](const Tolerance& tolerance) { return by(tolerance, part.problem(), step, ours, values); };
    Found& judged = found[step] = judged_by(options_.tolerance ? *options_.tolerance : single ? measured() : least_tolerance(ours));
    if (!options_.tolerance && !single && !judged.counting.passes()) {
      narrow = in_float32(part.problem());
      single = std::make_unique<Evaluator<float>>(narrow);
      judged = judged_by(measured());
    }
    const bool is_first = !any_differs && !judged.cells.passes(), is_first_that_counts = !any_counting_differs && !judged.counting.passes();
    any_differs = any_differs || is_first;
    any_counting_differs = any_counting_differs || is_first_that_counts;
    if (is_first || is_first_that_counts) judged.blocks = worst_blocks(grid_of(shape), ours, values, judged.tolerance, part.places(step));
  }
  if (!joined.exact.needed() || !is_comparable(Step::output)) return found;
  joined.exact.put(part, run.get(Step::merged));
  joined.has_single[index] = single != nullptr;
  if (single) joined.single.put(part, single->get(Step::merged));
  return found;
}

Judging::Found Judging::found_of_joined(Joined& joined, const Parts& parts) const {
  Evaluator<double> run(problem_);
  run.know(Step::merged, joined.exact.merged());
  const Tensor<double>& ours = run.get(Step::output);
  const TensorView theirs = theirs_.at(Step::output).view();
  const auto judged_by = [&](const Tolerance& tolerance) { return by(tolerance, problem_, Step::output, ours, theirs); };
  Found found = judged_by(options_.tolerance.value_or(least_tolerance(ours)));
  if (!options_.tolerance && !found.counting.passes()) found = judged_by(rounding_of_joined(ours, joined, parts));
  if (found.cells.passes()) return found;
  found.blocks = worst_blocks(grid_of(shapes_.at(Step::output)), ours, theirs, found.tolerance, [](std::size_t at) { return at; });
  return found;
}

Tolerance Judging::rounding_of_joined(const Tensor<double>& output, Joined& joined, const Parts& parts) const {
  for_each_part(problem_, parts, [&](const Part& part, std::size_t index) {
    if (joined.has_single[index]) return;
    const Problem<float> narrow = in_float32(part.problem());
    joined.single.put(part, Evaluator<float>(narrow).get(Step::merged));
  });
  Problem<double> last_map;
  last_map.weights = problem_.weights;
  last_map.output_shape = problem_.output_shape;
  last_map.steps = {Step::merged, Step::output};
  const Problem<float> narrow = in_float32(last_map);
  Evaluator<float> single(narrow);
  single.know(Step::merged, joined.single.merged());
  return rounding_tolerance(output, single.get(Step::output));
}

Judging::Found Judging::by(Tolerance tolerance, const Problem<double>& problem, Step step, const Tensor<double>& ours, const TensorView& theirs) const {
  tolerance.equal_nan = options_.equal_nan;
  Found found{{}, tolerance};
  found.cells.add(ours.data(), theirs, tolerance);
  found.counting = found.cells;
  if (found.cells.passes()) return found;
  if (const auto counting = compare_what_counts(problem, step, ours, theirs, tolerance)) found.counting = *counting;
  found.same_but_for_nan = agree(ours, theirs, {tolerance.rtol, tolerance.atol, true});
  return found;
}

void Judging::add(Found& all, const Found& found, Step step, const std::optional<Slice>& slice) const {
  const bool worse = found.cells.worst_excess() > all.cells.worst_excess();
  if (worse || (all.cells.passes() && found.tolerance.atol >= all.tolerance.atol)) all.tolerance = found.tolerance;
  const auto place = [&](std::size_t at) { return slice ? places_in_whole(problem_, step, *slice)(at) : at; };
  all.cells.merge(found.cells, place);
  all.counting.merge(found.counting, place);
  all.same_but_for_nan = all.same_but_for_nan && found.same_but_for_nan;
  all.blocks.insert(all.blocks.end(), found.blocks.begin(), found.blocks.end());
}

StepVerdict Judging::verdict_of(Step step, const Shape& shape) const {
  StepVerdict verdict{step, {}, Local::unknown, {}, shape, {}};
  const auto theirs = theirs_.find(step);
  if (theirs == theirs_.end()) return verdict;
  verdict.theirs = theirs->second.shape();
  if (const auto judged = found_.find(step); judged != found_.end()) {
    verdict.difference = judged->second.cells.finish();
    verdict.tolerance = judged->second.tolerance;
    verdict.in_padding_alone = verdict.differs() && judged->second.counting.passes() && !judged->second.same_but_for_nan;
    verdict.worst_that_counts = judged->second.counting.finish().at;
  } else {
    verdict.difference.status = Status::shape;
    verdict.tolerance = options_.tolerance.value_or(least_tolerance(empty<double>({0})));
  }
  return verdict;
}

}  // namespace attn
