#include "verify/planted_mask.hpp"
#include "verify/planted_scores.hpp"
#include "verify/submission.hpp"

#include <attn/verify/large.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace attn;
using namespace loops;

namespace {

Program right(const Case& c) { return {c, {}, {}}; }

// causal() with two samples of 110 positions: above most_cells_at_once.
Case long_causal() {
  Case c = causal();
  c.inputs.x = naive::numbers<double>({2, 110, 6}, 11);
  return c;
}

Program scaled(double factor) {
  Program p{long_causal(), {}, {}};
  scale_by(p, factor);
  return p;
}

// Which steps the two ways judge alike: status, counts, largest difference, and whether locally.
void check_same_steps(const Verification& a, const Verification& b) {
  REQUIRE(a.steps.size() == b.steps.size());
  for (std::size_t i = 0; i < a.steps.size(); ++i) {
    CAPTURE(std::string(name_of(a.steps[i].step)));
    CHECK(a.steps[i].step == b.steps[i].step);
    CHECK(a.steps[i].difference.status == b.steps[i].difference.status);
    CHECK(a.steps[i].difference.total == b.steps[i].difference.total);
    CHECK(a.steps[i].difference.max_abs == b.steps[i].difference.max_abs);
    CHECK(a.steps[i].local == b.steps[i].local);
  }
}

// The map of a large run has the worst cell of every block of the whole map.
void check_same_map(const Verification& sliced, const Verification& whole) {
  REQUIRE(sliced.excess.has_value() == whole.excess.has_value());
  if (!whole.excess) return;
  const Tensor<double>& cells = *whole.excess;
  const Shape shape = shape_of(cells), blocks = shape_of(*sliced.excess);
  REQUIRE(shape.size() >= 2);
  CHECK(sliced.excess_rows * sliced.excess_columns > 1);
  const std::size_t rows = shape[shape.size() - 2], columns = shape.back();
  const std::size_t down = blocks[blocks.size() - 2], across = blocks.back();
  Tensor<double> worst = filled<double>(blocks, 0.0);
  for (std::size_t matrix = 0; matrix < cells.size() / (rows * columns); ++matrix) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        double& found = worst.data()[(matrix * down + i / sliced.excess_rows) * across + j / sliced.excess_columns];
        found = std::max(found, cells.data()[(matrix * rows + i) * columns + j]);
      }
    }
  }
  CHECK(worst == *sliced.excess);
}

void check_same(const Submission& theirs, const char* ids) {
  const Problem<double> problem = problem_of(long_causal());
  REQUIRE(is_large(problem));
  const auto sliced = verify_in_slices(problem, theirs, {});
  REQUIRE(sliced);
  const Verification whole = verify_at_once(problem, theirs, {});
  CHECK(sliced->verdict == whole.verdict);
  CHECK(sliced->first_divergent_step == whole.first_divergent_step);
  CHECK(ids_of(sliced->diagnosis) == ids);
  CHECK(ids_of(whole.diagnosis) == ids);
  check_same_steps(*sliced, whole);
  check_same_map(*sliced, whole);
}

}  // namespace

TEST_CASE("a right submission of a large run matches in the first pass") {
  check_same(submission_of(right(long_causal()).run()), "");
}

TEST_CASE("a mistake in a large run is found in a slice and confirmed on the whole") {
  check_same(submission_of(scaled(1).run()), "C2");
  check_same(only(Step::output, scaled(1).run()), "C2");
}

TEST_CASE("d_model of a slice of heads is that of all heads") {
  check_same(submission_of(scaled(1 / std::sqrt(6.0)).run()), "C1");
}

TEST_CASE("a convention in a large run is reported as one") {
  Program p{long_causal(), {}, {}};
  masked_by(p, [](double score, bool forbidden) { return forbidden ? -1e9 : score; });
  check_same(submission_of(p.run()), "M9");
}

TEST_CASE("what a slice explains and the whole does not is not carried over") {
  Tensors theirs = scaled(1).run();
  theirs[Step::output](0, 3, 2) += 1;  // a second error, which C2 does not give
  CHECK_FALSE(verify_in_slices(problem_of(long_causal()), submission_of(theirs), {}));
  const Verification v = verify(problem_of(long_causal()), submission_of(theirs), {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(names(v.diagnosis, "C2"));
}

TEST_CASE("one wrong cell of a large run is found where it is") {
  Tensors theirs = right(long_causal()).run();
  theirs[Step::weights](1, 2, 100, 7) += 0.25;
  const Verification v = verify(problem_of(long_causal()), submission_of(theirs), {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::weights);
  CHECK(v.diagnosis.empty());
}

TEST_CASE("nothing compared is no success in a large run either") {
  Submission theirs;
  theirs.tensors[Step::x] = long_causal().inputs.x;
  CHECK(verify(problem_of(long_causal()), theirs, {}).verdict == Verdict::incomparable);
}

TEST_CASE("a run is large by the numbers in all its steps") {
  CHECK_FALSE(is_large(problem_of(causal())));
  CHECK(is_large(problem_of(long_causal())));
}
