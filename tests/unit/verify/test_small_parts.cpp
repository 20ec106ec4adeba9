#include "verify/given_heads.hpp"

#include <attn/verify/small_parts.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

const Slice one_head{0, 0}, one_sample{0}, some_queries{std::nullopt, std::nullopt, QueryRange{0, 1}};

std::optional<bool> stays(const Problem<double>& small, const Slice& kind, const std::string& id, const std::string& variant, bool has_theirs = false) {
  const Tensors right = run_problem(small);
  for (const Mistake* row : mistakes_of(id)) {
    if (row->variant != variant) continue;
    MistakenRun run(small, {row});
    return SmallParts(small, right, kind).stays_within(run, [=](Step) { return has_theirs; });
  }
  throw std::logic_error("no such row");
}

}  // namespace

TEST_CASE("a mistake stays within parts that have all it mixes") {
  const Problem<double> small = given_heads(2, 6);
  for (const Slice& kind : {one_head, one_sample, some_queries}) CHECK(stays(small, kind, "C2", "") == true);
  CHECK(stays(small, one_head, "W1", "over queries") == true);
  CHECK(stays(small, some_queries, "W1", "over queries") == false);
  CHECK(stays(small, one_sample, "W1", "over the batch") == false);
  CHECK(stays(small, some_queries, "W1", "over the batch") == true);
  CHECK(stays(small, one_head, "W2", "over heads") == false);
  CHECK(stays(small, one_sample, "W2", "over heads") == true);
}

TEST_CASE("what is read off theirs stays within a part that has theirs") {
  const Problem<double> small = given_heads(2, 6);
  CHECK(stays(small, one_head, "W4", "", false) == false);  // which weights are dropped
  CHECK(stays(small, one_head, "W4", "", true) == true);
}

TEST_CASE("a mistake that changes nothing in the small run cannot be told") {
  CHECK_FALSE(stays(given_heads(2, 6), one_head, "M13", "left side one more"));  // there is no window
}

TEST_CASE("a mistake of the output stays within heads, which it is computed from when they are joined") {
  const Problem<double> module = problem_of(causal());
  CHECK(stays(module, one_head, "P8", "missing") == true);
  CHECK(stays(module, one_head, "H2", "") == false);  // heads merged by a view alone
}

TEST_CASE("a mistake that a part alone has changes nothing in the whole") {
  // Under a causal rule the last query sees every key; the first alone does not.
  CHECK(stays(given_heads(2, 6), some_queries, "W1", "over queries, NaN") == std::nullopt);
}
