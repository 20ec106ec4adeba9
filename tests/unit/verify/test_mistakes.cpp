#include "verify/cases.hpp"

#include <attn/verify/mistakes.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

#include <set>

using namespace attn;
using namespace loops;

TEST_CASE("the table holds every part, in the order of the catalogue's groups") {
  const std::size_t rows = projection_mistakes().size() + head_mistakes().size() + score_mistakes().size() +
                           mask_mistakes().size() + fill_mistakes().size() + softmax_mistakes().size() +
                           padding_mistakes().size() + norm_mistakes().size() + tolerance_mistakes().size();
  CHECK(mistake_table().size() == rows);
  CHECK(mistake_table().front().id == projection_mistakes().front().id);
  CHECK(mistake_table().back().id == tolerance_mistakes().back().id);
}

TEST_CASE("every row acts somewhere, in the order of computation") {
  for (const Mistake& mistake : mistake_table()) {
    CAPTURE(mistake.id);
    CAPTURE(mistake.variant);
    REQUIRE_FALSE(mistake.acts_on.empty());
    CHECK(std::is_sorted(mistake.acts_on.begin(), mistake.acts_on.end()));
    CHECK(mistake.apply);
  }
}

TEST_CASE("no two rows have the same id, variant, steps and effect") {
  std::set<std::string> keys;
  for (const Mistake& mistake : mistake_table()) {
    std::string key = mistake.id + "/" + mistake.variant + "/" + (mistake.effect == Effect::shows ? "shows" : "computes");
    for (const Step step : mistake.acts_on) key += " " + std::string(name_of(step));
    CAPTURE(key);
    CHECK(keys.insert(key).second);
  }
}

TEST_CASE("the rows of an id are found in order, and an unknown id has none") {
  const auto rows = mistakes_of("P1");
  REQUIRE(rows.size() == 4);
  CHECK(rows[0]->variant == "q, k and v");
  CHECK(rows[3]->variant == "v");
  CHECK(mistakes_of("Z9").empty());
  CHECK(mistakes_of("").empty());
}

TEST_CASE("a run without mistakes is the run, and nothing was applied") {
  const Problem<double> problem = problem_of(causal());
  MistakenRun run(problem, {});
  Evaluator<double> right(problem);
  for (const Step step : problem.steps) CHECK(run.shown(step) == right.get(step));
  CHECK_FALSE(run.applied());
}

TEST_CASE("what follows a mistaken step is computed from it") {
  const Problem<double> problem = problem_of(square());
  MistakenRun run(problem, {mistakes_of("C2").front()});
  CHECK(run.get(Step::scores_scaled) == run.get(Step::scores_raw));
  CHECK(agree(run.get(Step::weights), softmax_rows(run.get(Step::scores_raw))));
  CHECK(run.applied());
}

TEST_CASE("a wrong picture of a step changes nothing that follows") {
  const Problem<double> problem = problem_of(square());
  MistakenRun run(problem, {mistakes_of("S5").front()});
  Evaluator<double> right(problem);
  CHECK_FALSE(run.shown(Step::weights) == right.get(Step::weights));
  CHECK(run.get(Step::weights) == right.get(Step::weights));
  CHECK(run.shown(Step::output) == right.get(Step::output));
}

TEST_CASE("two mistakes at different steps are both made") {
  const Problem<double> problem = problem_of(square());
  MistakenRun run(problem, {mistakes_of("C2").front(), mistakes_of("P8").front()});
  CHECK(run.get(Step::scores_scaled) == run.get(Step::scores_raw));
  CHECK(run.get(Step::output) == run.get(Step::merged));
}

TEST_CASE("of two mistakes at one step the first is made") {
  const Problem<double> problem = problem_of(square());
  MistakenRun run(problem, {mistakes_of("C2").front(), mistakes_of("C4").front()});
  CHECK(run.get(Step::scores_scaled) == run.get(Step::scores_raw));
}

TEST_CASE("a known tensor comes before a mistake") {
  const Problem<double> problem = problem_of(square());
  MistakenRun run(problem, {mistakes_of("C2").front()});
  const Array known = filled<double>({2, 3, 5, 5}, 1.0);
  run.know(Step::scores_scaled, known);
  CHECK(run.get(Step::scores_scaled) == known);
  CHECK_FALSE(run.applied());
}

TEST_CASE("what comes before the mistakes may be known from a right run, and nothing else") {
  const Problem<double> problem = problem_of(square());
  Tensors right = run_problem(problem);
  right[Step::scores_raw](0, 0, 0, 0) = 17;
  right[Step::scores_scaled](0, 0, 0, 0) = 18;
  MistakenRun run(problem, {mistakes_of("C2").front()});
  run.know_before_mistakes(right);
  CHECK(run.get(Step::scores_raw)(0, 0, 0, 0) == 17);
  CHECK(run.get(Step::scores_scaled)(0, 0, 0, 0) == 17);  // made with the mistake
}

TEST_CASE("float32 rounding may carry single cells of a tensor in few digits to the next one, and no others") {
  const std::vector<const Mistake*> coarse = {mistakes_of("W6").front()}, exact = mistakes_of("W7");
  const Tensor<double> shown = filled<double>({1, 1, 20, 20}, 0.5);
  const Tolerance tolerance{1e-6, 1e-8, true};
  const auto with = [&](std::size_t cells, double off) {
    Tensor<double> theirs = shown;
    for (std::size_t i = 0; i < cells; ++i) theirs.data()[i] += off;
    return theirs;
  };
  CHECK(are_what(exact, shown, with(0, 0), tolerance));
  CHECK_FALSE(are_what(exact, shown, with(2, 0x1p-11), tolerance));
  CHECK(are_what(coarse, shown, with(2, 0x1p-11), tolerance));        // two of 400
  CHECK_FALSE(are_what(coarse, shown, with(3, 0x1p-11), tolerance));  // three are too many
  CHECK_FALSE(are_what(coarse, shown, with(2, 0.1), tolerance));      // and this is no digit
  CHECK(are_what({mistakes_of("C2").front(), coarse.front()}, shown, with(2, 0x1p-11), tolerance));
  CHECK_FALSE(are_what({exact.front(), coarse.front()}, shown, with(2, 0x1p-11), tolerance));  // the other makes the weights
  CHECK_FALSE(are_what(coarse, shown, filled<double>({1, 1, 20, 19}, 0.5), tolerance));
}
