#include "verify/cases.hpp"

#include <attn/verify/mistakes.hpp>
#include <attn/verify/revealed.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace attn;
using namespace loops;

namespace {

bool has(const std::vector<std::string>& ids, const std::string& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

}  // namespace

TEST_CASE("every id of the table is in one list") {
  const Revealed found = mistakes_revealed_by(problem_of(padded()));
  std::set<std::string> all;
  std::size_t count = 0;
  for (const auto* list : {&found.shown, &found.unchanged, &found.impossible, &found.always}) {
    all.insert(list->begin(), list->end());
    count += list->size();
  }
  std::set<std::string> table;
  for (const Mistake& mistake : mistake_table()) table.insert(mistake.id);
  CHECK(all == table);
  CHECK(count == table.size());
}

TEST_CASE("what a run has decides what it can show") {
  const Revealed square_run = mistakes_revealed_by(problem_of(square()));
  CHECK(has(square_run.shown, "P1"));
  CHECK(has(square_run.impossible, "M7"));  // no causal rule
  CHECK(has(square_run.impossible, "G1"));  // as many key heads as query heads
  const Revealed causal_run = mistakes_revealed_by(problem_of(causal()));
  CHECK(has(causal_run.shown, "M7"));
  CHECK(has(causal_run.unchanged, "M8"));  // as many keys as queries: both corners are one
  CHECK(has(mistakes_revealed_by(problem_of(cross())).shown, "G1"));
  CHECK(has(mistakes_revealed_by(problem_of(cross_causal())).shown, "M8"));
}

TEST_CASE("large scores reveal a softmax without its maximum, small ones do not") {
  CHECK(has(mistakes_revealed_by(problem_of(large())).shown, "W3"));
  CHECK(has(mistakes_revealed_by(problem_of(square())).impossible, "W3"));
}

TEST_CASE("an answer of NaN is found whatever the input is") {
  CHECK(mistakes_revealed_by(problem_of(square())).always == std::vector<std::string>{"T3"});
}

TEST_CASE("a convention that keeps the output is not shown") {
  const Revealed found = mistakes_revealed_by(problem_of(causal()));
  CHECK(has(found.unchanged, "M4"));
  CHECK(has(found.unchanged, "C6"));
  CHECK(has(found.shown, "M9"));  // exp(−10) leaks
}
