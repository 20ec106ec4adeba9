#include "verify/given_heads.hpp"
#include "verify/planted_padding.hpp"
#include "verify/planted_scores.hpp"
#include "verify/submission.hpp"

#include <attn/verify/confirmation.hpp>
#include <attn/verify/judging.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

// Whether a row of a mistake explains what `planted` made of a run.
bool confirmed(const Problem<double>& problem, const Tensors& planted, Step first, const std::string& id) {
  const Submission submission = submission_of(planted);
  const SmallRun small(problem);
  const std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).verdicts();
  const Confirmation confirmation(small, submission, verdicts, first);
  const auto rows = mistakes_of(id);
  return std::any_of(rows.begin(), rows.end(), [&](const Mistake* row) { 
    return confirmation.in_parts({row}) == Extent::rest || confirmation.in_whole({row}) == Extent::rest;
  });
}

}  // namespace

TEST_CASE("a mistake in every part is confirmed, and another is not") {
  const Problem<double> problem = given_heads(2, 120);
  const Tensors unscaled = with_scaled(problem, [](Index, Index) { return 1.0; });
  CHECK(confirmed(problem, unscaled, Step::scores_scaled, "C2"));
  CHECK_FALSE(confirmed(problem, unscaled, Step::scores_scaled, "M1"));
}

TEST_CASE("a mistake is confirmed in parts of queries, and one that mixes queries is not taken for what it is in a part") {
  const Problem<double> problem = given_heads(1, 330);
  REQUIRE(parts_of(problem).front()->queries);
  CHECK(confirmed(problem, with_scaled(problem, [](Index, Index) { return 1.0; }), Step::scores_scaled, "C2"));
  // The diagonal one key further: a part has to know which queries it has.
  Problem<double> moved = problem;
  moved.options.attention.mask.causal = false;
  moved.options.attention.mask.given = cells4({1, 1, 330, 330}, [](Index, Index, Index i, Index j) { return j <= i + 1 ? 0.0 : -infinity; });
  CHECK(confirmed(problem, run_problem(moved), Step::mask, "M7"));
  CHECK_FALSE(confirmed(problem, run_problem(moved), Step::mask, "M15"));
  // The mask transposed is upside down in the whole, and something else in some of its rows.
  moved.options.attention.mask.given = cells4({1, 1, 330, 330}, [](Index, Index, Index i, Index j) { return j >= i ? 0.0 : -infinity; });
  CHECK(confirmed(problem, run_problem(moved), Step::mask, "M16"));
}

TEST_CASE("a mistake in one part alone does not explain the whole") {
  const Problem<double> problem = given_heads(2, 120);
  const double right = 1 / std::sqrt(3.0);
  CHECK_FALSE(confirmed(problem, with_scaled(problem, [&](Index b, Index) { return b == 0 ? 1.0 : right; }), Step::scores_scaled, "C2"));
}

TEST_CASE("a factor that is read off has to be the same in all parts") {
  const Problem<double> problem = given_heads(2, 120);
  CHECK(confirmed(problem, with_scaled(problem, [](Index, Index) { return 0.7; }), Step::scores_scaled, "C7"));
  CHECK_FALSE(confirmed(problem, with_scaled(problem, [](Index, Index h) { return h < 2 ? 0.7 : 0.3; }), Step::scores_scaled, "C7"));
}

TEST_CASE("only the whole can tell what mixes parts, or has a number read off theirs") {
  const Problem<double> problem = given_heads(2, 120);
  const Submission submission = submission_of(run_problem(problem));
  const SmallRun small(problem);
  const std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).verdicts();
  const Confirmation confirmation(small, submission, verdicts, Step::scores_scaled);
  const auto only_whole = [&](const std::string& id, const std::string& variant) {
    for (const Mistake* row : mistakes_of(id)) {
      if (row->variant == variant) return confirmation.only_whole_can_tell({row});
    }
    throw std::logic_error("no such row");
  };
  CHECK_FALSE(only_whole("C2", ""));
  CHECK_FALSE(only_whole("T2", "bfloat16"));
  CHECK(only_whole("W2", "over heads"));
  CHECK(only_whole("C7", "another factor"));
  CHECK(only_whole("M9", "-1e9"));
}

TEST_CASE("a softmax over samples or heads is not taken for what it is in a part, which has one") {
  // All weights are one: so they are where a softmax runs over the only sample, or the only head, of a part.
  Problem<double> problem = given_heads(2, 120);
  problem.options.heads = problem.sizes.heads = 2;  // one query head for each key head
  problem.inputs[Step::q] = naive::numbers<double>({2, 2, 120, 3}, 31);
  problem.output_shape = {2, 2, 120, 2};
  Tensors ones = run_problem(problem);
  for (double& weight : ones[Step::weights].storage()) weight = 1;
  for (Index b = 0; b < 2; ++b) {
    for (Index h = 0; h < 2; ++h) {
      for (Index d = 0; d < 2; ++d) {
        double sum = 0;
        for (Index j = 0; j < 120; ++j) sum += ones[Step::v](b, h, j, d);
        for (Index i = 0; i < 120; ++i) ones[Step::heads](b, h, i, d) = ones[Step::output](b, h, i, d) = sum;
      }
    }
  }
  CHECK(confirmed(problem, ones, Step::weights, "W7"));
  CHECK_FALSE(confirmed(problem, ones, Step::weights, "W1"));
  CHECK_FALSE(confirmed(problem, ones, Step::weights, "W2"));
}

TEST_CASE("mistakes are one where they give the same numbers in every part, and not where they do in some") {
  const Problem<double> problem = given_heads(2, 120);
  const Submission submission = submission_of(with_scaled(problem, [](Index, Index) { return 1.0; }));
  const SmallRun small(problem);
  const std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).verdicts();
  const Confirmation confirmation(small, submission, verdicts, Step::scores_scaled);
  // Without padding or a window, no rule at all and no causal rule are the same; a diagonal one key further is not.
  const auto row = [](const std::string& id, const std::string& variant) {
    const auto rows = mistakes_of(id);
    return *std::find_if(rows.begin(), rows.end(), [&](const Mistake* m) { return m->variant == variant; });
  };
  const Mistake *all = row("M15", "all rules"), *causal = row("M15", "causal"), *moved = row("M7", "one key of the future is seen");
  CHECK(confirmation.are_one({all}, {causal}));
  CHECK_FALSE(confirmation.are_one({all}, {moved}));
  CHECK_FALSE(confirmation.are_one({all}, {row("M15", "padding")}));  // there is none: nothing is made
  CHECK_FALSE(confirmation.are_one({all}, mistakes_of("C2")));
  // What is only shown is not computed with: it cannot stand for what is.
  const auto rows = mistakes_of("M17");
  CHECK_FALSE(confirmation.are_one({rows.front()}, {rows.front()}));
}

TEST_CASE("what changes nothing explains nothing") {
  const Problem<double> problem = given_heads(2, 120);
  CHECK_FALSE(confirmed(problem, run_problem(problem), Step::scores_scaled, "P1"));
}

TEST_CASE("only rows of padding differ where every other row agrees as closely as ours rounds") {
  const Problem<double> problem = problem_of(padded());
  Tensors theirs = run_problem(problem);
  theirs[Step::output](0, 4, 2) += 1;  // of sample 0 three positions count
  CHECK(confirmed(problem, theirs, Step::output, "M17"));
  const double atol = verdict_on(Judging(problem, submission_of(theirs), {}).verdicts(), Step::output)->tolerance.atol;
  theirs[Step::output](0, 2, 2) += 2.5 * atol;
  CHECK_FALSE(confirmed(problem, theirs, Step::output, "M17"));
}

TEST_CASE("what follows from theirs, as it was judged in all parts, is not made again in the whole") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = with_scaled(problem, [](Index, Index) { return 0.7; });
  const Submission right = submission_of(theirs);
  theirs[Step::heads](1, 2, 100, 0) += 1;
  const Submission wrong = submission_of(theirs);
  const Mistake* const other_factor = mistakes_of("C7").back();
  REQUIRE(other_factor->variant == "another factor");
  const auto extent = [&](const Submission& submission, bool says_match) {
    const SmallRun small(problem);
    std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).verdicts();
    int asked = 0;
    const Confirmation confirmation(small, submission, verdicts, Step::scores_scaled, Padding::counts, [&] {
      ++asked;
      for (StepVerdict& verdict : verdicts) verdict.local = says_match ? Local::match : Local::unknown;
    });
    const Extent found = confirmation.in_whole({other_factor});
    CHECK(asked == 1);
    return found;
  };
  CHECK(extent(right, true) == Extent::rest);
  CHECK(extent(right, false) == Extent::rest);
  CHECK(extent(wrong, false) == Extent::step);  // the heads do not give theirs
  CHECK(extent(wrong, true) == Extent::rest);   // taken as they were judged
}

TEST_CASE("a mistake that gives theirs keeps the result if theirs is ours") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = with_scaled(problem, [](Index, Index) { return 0.7; });
  const auto keeps = [&](const Tensors& tensors) {
    const Submission submission = submission_of(tensors);
    const SmallRun small(problem);
    const std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).verdicts();
    return Confirmation(small, submission, verdicts, Step::scores_scaled).keep_result({mistakes_of("C7").back()});
  };
  CHECK_FALSE(keeps(theirs));
  theirs[Step::output] = run_problem(problem).at(Step::output);
  CHECK(keeps(theirs));
}

TEST_CASE("a mistake behind padding of their own is confirmed where that is left out, and only there") {
  const Problem<double> problem = problem_of(padded());
  Program p{padded(), {}, {}};
  scale_by(p, 1);
  export_zeros(p, Step::scores_scaled);
  export_zeros(p, Step::weights);
  const Submission submission = submission_of(p.run());
  const SmallRun small(problem);
  const std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).verdicts();
  const auto extent = [&](Padding padding, const std::string& id) {
    return Confirmation(small, submission, verdicts, Step::scores_scaled, padding).in_whole({mistakes_of(id).front()});
  };
  CHECK(extent(Padding::counts, "C2") == Extent::nothing);
  CHECK(extent(Padding::left_out, "C2") == Extent::rest);
  CHECK(extent(Padding::left_out, "C3") == Extent::nothing);
}

TEST_CASE("what makes NaN of numbers is not made in the whole") {
  Problem<double> problem = given_heads(2, 120);
  problem.options.attention.mask.valid_lens = {100, 90};  // over the queries of a key that nobody sees the sum is empty
  Tensors theirs = run_problem(problem);
  theirs[Step::weights](0, 1, 2, 0) += 0.1;
  const Submission submission = submission_of(theirs);
  const SmallRun small(problem);
  const std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).verdicts();
  const auto times_made = [&](const std::string& variant) {
    int times = 0;
    const Confirmation confirmation(small, submission, verdicts, Step::weights, Padding::counts, [&] { ++times; });
    for (const Mistake* row : mistakes_of("W1")) {
      if (row->variant == variant) CHECK(confirmation.in_whole({row}) == Extent::nothing);
    }
    return times;
  };
  CHECK(times_made("over queries") == 1);
  CHECK(times_made("over queries, NaN") == 0);
}
