#include "verify/given_heads.hpp"

#include <attn/verify/parts.hpp>
#include <attn/verify/slices_to_walk.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

// Of a step that differs most in the cell `at`.
std::vector<std::optional<Slice>> slices_around(const Problem<double>& problem, Step step, std::size_t at) {
  StepVerdict verdict{step, {}, Local::unknown, {}, {}, {}};
  verdict.difference.status = Status::mismatch;
  verdict.difference.at = verdict.worst_that_counts = at;
  return slices_to_walk(problem, verdict);
}

}  // namespace

TEST_CASE("a step is looked at in a head, in a sample, and in the whole") {
  const Problem<double> problem = given_heads(2, 120);
  // Scores [2, 4, 120, 120]: sample 1, query head 3, which reads key head 1.
  const auto slices = slices_around(problem, Step::scores_raw, (1 * 4 + 3) * 120 * 120 + 7);
  REQUIRE(slices.size() == 3);
  CHECK(slices[0] == Slice{1, 1});
  CHECK(slices[1] == Slice{1});
  CHECK_FALSE(slices[2]);
}

TEST_CASE("of a long run the slices have some queries, the worst one among them") {
  const Problem<double> problem = given_heads(1, 1000);
  const auto slices = slices_around(problem, Step::weights, (3 * 1000 + 500) * 1000 + 7);
  REQUIRE_FALSE(slices.empty());
  for (const auto& slice : slices) {
    REQUIRE(slice);
    REQUIRE(slice->queries);
    CHECK(slice->queries->first <= 500);
    CHECK(500 < slice->queries->first + slice->queries->count);
    CHECK(cells_of_slice(problem, *slice) <= 3 * most_cells_of_a_part);
  }
  CHECK(slices.front()->kv_head == 1);
  CHECK_FALSE(slices.back()->kv_head);
}

TEST_CASE("where a step differs in padding alone its worst cell is looked at, elsewhere the worst that counts") {
  const Problem<double> problem = given_heads(2, 120);
  StepVerdict verdict{Step::weights, {}, Local::unknown, {}, {}, {}};
  verdict.difference.status = Status::mismatch;
  verdict.difference.at = (1 * 4 + 3) * 120 * 120;
  CHECK(slices_to_walk(problem, verdict).front() == Slice{0, 0});
  verdict.in_padding_alone = true;
  CHECK(slices_to_walk(problem, verdict).front() == Slice{1, 1});
}
