#include "verify/given_heads.hpp"

#include <attn/verify/small_run.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace attn;
using namespace loops;

namespace {

std::vector<const Mistake*> row(const std::string& id, const std::string& variant = "") {
  const auto rows = mistakes_of(id);
  return {*std::find_if(rows.begin(), rows.end(), [&](const Mistake* mistake) { return mistake->variant == variant; })};
}

}  // namespace

TEST_CASE("a small run has two samples, and the rules of the large one") {
  Problem<double> problem = given_heads(5, 120);
  problem.options.attention.mask.valid_lens = {120, 100, 90, 80, 70};
  const SmallRun small(problem);
  CHECK(small.problem().sizes.batch == 2);
  CHECK(small.problem().sizes.query_len < 20);
  CHECK(small.problem().options.attention.mask.causal);
  CHECK(small.right().count(Step::output) == 1);
  CHECK(&small.whole() == &problem);
}

TEST_CASE("parts tell of a mistake that stays within them, whoever asks first") {
  const Problem<double> problem = given_heads(2, 120);  // a part is a head of a sample
  const SmallRun small(problem);
  for (int asked = 0; asked < 2; ++asked) {
    CHECK(small.can_be_told_in_parts(row("C2")));
    CHECK(small.can_be_told_in_parts(row("W1", "over queries")));
    CHECK_FALSE(small.can_be_told_in_parts(row("W2", "over heads")));
  }
}

TEST_CASE("a factor is read off theirs, and a scale that was forgotten is not") {
  const Problem<double> problem = given_heads(2, 120);
  const SmallRun small(problem);
  CHECK(small.read_theirs(row("C7", "another factor")));
  CHECK_FALSE(small.read_theirs(row("C2")));
}

TEST_CASE("padding is read where a mistake lets it be seen, or moves it") {
  Problem<double> problem = given_heads(2, 120);
  problem.options.attention.mask.valid_lens = {100, 90};
  const SmallRun small(problem);
  CHECK_FALSE(small.read_padding(row("C2")));                // every score by itself
  CHECK(small.read_padding(row("W1", "over queries")));      // of rows that hold no token, too
  CHECK(small.read_padding(row("C7", "another factor")));    // whatever theirs holds
  problem.options.attention.mask.causal = false;
  CHECK(SmallRun(problem).read_padding(row("M15", "padding")));  // the keys that no length hides
  CHECK_FALSE(SmallRun(given_heads(2, 120)).read_padding(row("M15", "all rules")));  // there is none
}
