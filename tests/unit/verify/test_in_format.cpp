#include "verify/cases.hpp"
#include "verify/submission.hpp"

#include <attn/verify/in_format.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

std::size_t runs_of(const Tensors& theirs, Step step, std::size_t most = 1000) {
  const Problem<double> problem = problem_of(square());
  const Tensors ours = run_problem(problem);
  const std::vector<StepVerdict> verdicts;
  const std::map<Step, Tolerance> tolerances;
  std::size_t runs = 0;
  try_runs_in_format({problem, theirs, ours, tolerances, step, {1e-6, 1e-6, false}, verdicts}, Mantissa::bfloat16, ours.at(step), [&](const Tensor<double>& made) {
    ++runs;
    CHECK(shape_of(made) == shape_of(ours.at(step)));
    CHECK(made != ours.at(step));
    return runs == most;
  });
  return runs;
}

}  // namespace

TEST_CASE("a stage rounds what it reads, what it gives, or both") {
  const Problem<double> problem = problem_of(square());
  Evaluator<double> right(problem);
  const auto scores = [&](Rounded rounded) { return RunInFormat(problem, {Step::scores_raw}, Mantissa::bfloat16, rounded).take(Step::scores_raw); };
  // A product of numbers of 8 bits has 16, the sum of two a few more.
  Tensors operands;
  for (const Step step : {Step::q, Step::k}) operands[step] = rounded_to(right.get(step), Mantissa::bfloat16);
  const Array products = Program::products(operands.at(Step::q), operands.at(Step::k));
  CHECK(agree(scores(Rounded::operands), products, {1e-15, 1e-15, false}));
  CHECK(scores(Rounded::both) == rounded_to(products, Mantissa::bfloat16));
  CHECK(scores(Rounded::result) == rounded_to(right.get(Step::scores_raw), Mantissa::bfloat16));
}

TEST_CASE("the stages that were not handed in are tried one by one, and together with the step") {
  const Tensors ours = run_problem(problem_of(square()));
  CHECK(runs_of(ours, Step::weights) == 3);
  CHECK(runs_of(ours, Step::weights, 2) == 2);  // which is it
  // scores_raw is theirs: scores_scaled and scores_masked, each alone, and both with the weights, in three ways.
  CHECK(runs_of({{Step::scores_raw, ours.at(Step::scores_raw)}, {Step::weights, ours.at(Step::weights)}}, Step::weights) == 3 + 3 * 3);
}
