#include "recorded.hpp"

#include <attn/shapes/rules.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace attn;
using namespace attn::shapes;

namespace {

std::vector<std::string> rules_of(const std::vector<Finding>& findings) {
  std::vector<std::string> names;
  for (const Finding& finding : findings) names.push_back(finding.rule);
  return names;
}

}  // namespace

TEST_CASE("exactly the recorded configurations that PyTorch refuses are refused, each with a reason") {
  std::size_t refused = 0;
  for (const auto& recorded : recorded_cases()) {
    const std::string which = recorded.dump().substr(0, 300);
    CAPTURE(which);
    const auto findings = find_contradictions(config_of(recorded["config"]), call_of(recorded));
    CHECK(findings.empty() == !recorded.contains("error"));
    refused += findings.empty() ? 0 : 1;
  }
  CHECK(refused >= 100);
}

TEST_CASE("all contradictions are found at once") {
  ModuleConfig config;
  config.d_model = 10;
  config.heads = 4;
  ModuleCall call;
  call.query = {5, 3};
  call.attn_mask = Shape{3, 3};
  CHECK(rules_of(find_contradictions(config, call)) ==
        std::vector<std::string>{"divisible", "width", "attn_mask"});
}

TEST_CASE("a finding carries both numbers") {
  ModuleConfig config;
  config.d_model = 10;
  config.heads = 4;
  const auto findings = find_contradictions(config, {});
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].values.at("E") == "10");
  CHECK(findings[0].values.at("H") == "4");
  CHECK(findings[0].values.at("found") == "2");  // 10 = 2·4 + 2
  CHECK(findings[0].values.at("list") == "1, 2, 5, 10");
  CHECK(findings[0].values.at("expected") == "8, 12");
}

TEST_CASE("divisors come in order, and a long list is cut") {
  CHECK(divisors(12) == "1, 2, 3, 4, 6, 12");
  CHECK(divisors(1) == "1");
  CHECK(divisors(12, 3) == "1, 2, 3, …");
  CHECK(divisors(36) == "1, 2, 3, 4, 6, 9, 12, 18, 36");
}

TEST_CASE("the nearest multiples lie on both sides, never at zero") {
  CHECK(nearest_multiples(10, 4) == std::vector<std::size_t>{8, 12});
  CHECK(nearest_multiples(3, 8) == std::vector<std::size_t>{8});
  CHECK(nearest_multiples(8, 4) == std::vector<std::size_t>{8});
}
