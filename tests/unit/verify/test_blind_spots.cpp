#include "verify/cases.hpp"

#include <attn/verify/blind_spots.hpp>

#include <doctest/doctest.h>

#include <map>

using namespace attn;
using namespace loops;

namespace {

// id -> whether the mistake can be made at all.
std::map<std::string, bool> blind_in(const Problem<double>& problem, const std::vector<Step>& observed, bool without_padding = false) {
  std::map<std::string, bool> ids;
  for (const BlindSpot& spot : find_blind_spots(problem, {observed, without_padding}).spots) ids[spot.id] = spot.applies;
  return ids;
}

}  // namespace

TEST_CASE("blind spots are the mistakes that leave what was seen as it is") {
  const Problem<double> problem = problem_of(square());
  const auto early = blind_in(problem, {Step::q_proj});
  CHECK(early.count("P1") == 0);
  CHECK(early.count("C2") == 1);
  CHECK(early.count("H2") == 1);
  const auto output = blind_in(problem, {Step::output});
  CHECK(output.count("C2") == 0);
  CHECK(output.count("H2") == 0);
  CHECK(output.count("S5") == 1);  // only the picture is wrong
  CHECK(output.count("M9") == 0);  // a convention is no blind spot
}

TEST_CASE("a run that is not large is decided on as it is") {
  CHECK_FALSE(find_blind_spots(problem_of(square()), {{Step::output}}).decided_on);
}

TEST_CASE("a large run is decided on a part that is like it, and the part is named") {
  Case c = causal();
  c.inputs.x = naive::numbers<double>({3, 60, 6}, 11);
  const Problem<double> problem = problem_of(c);
  const BlindSpots blind = find_blind_spots(problem, {{Step::weights, Step::output}});
  REQUIRE(blind.decided_on);
  CHECK(blind.decided_on->query_len == 8);
  CHECK(blind.decided_on->heads == 3);
  // The same as of a small run of the kind: self-attention cannot show M8, and there is no second key head.
  const auto large = blind_in(problem, {Step::weights, Step::output}), small = blind_in(problem_of(causal()), {Step::weights, Step::output});
  CHECK(large == small);
  REQUIRE(large.count("M8"));
  CHECK(large.at("M8"));
  REQUIRE(large.count("G1"));
  CHECK_FALSE(large.at("G1"));
}

TEST_CASE("a mistake that acts on nothing that was seen can be made all the same") {
  const auto blind = blind_in(problem_of(square()), {Step::weights});
  REQUIRE(blind.count("P8") == 1);  // the last map missing
  CHECK(blind.at("P8"));
  REQUIRE(blind.count("P6") == 1);  // there is no memory to take for the input
  CHECK_FALSE(blind.at("P6"));
}

TEST_CASE("what shows in rows of padding alone is not seen where these were left out") {
  const Problem<double> problem = problem_of(padded());
  CHECK(blind_in(problem, {Step::weights}).count("C2") == 0);
  CHECK(blind_in(problem, {Step::weights}, true).count("C2") == 0);
  Case whole = padded();
  whole.options.attention.mask.valid_lens = {0, 0};  // every row is padding
  CHECK(blind_in(problem_of(whole), {Step::q_proj}).count("P1") == 0);
  CHECK(blind_in(problem_of(whole), {Step::q_proj}, true).count("P1") == 1);
}
