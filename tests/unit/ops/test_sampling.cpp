// Drawn tokens are PyTorch's (tests/reference/make_sampling.py); probabilities are worked out by hand.
#include <attn/ops/sampling.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

using namespace attn;

namespace {

Tensor<double> row(std::initializer_list<double> values) {
  Tensor<double> tensor = empty<double>({values.size()});
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

}  // namespace

TEST_CASE("the most probable token is the first of the largest logits") {
  CHECK(most_probable(row({-1, 3, 2, 3})) == 1);
  CHECK(most_probable(row({-std::numeric_limits<double>::infinity(), -5})) == 1);
  CHECK_THROWS_AS(most_probable(row({1, std::nan(""), 2})), NonFiniteError);
  CHECK_THROWS_AS(most_probable(empty<double>({0})), std::invalid_argument);
}

TEST_CASE("temperature divides the logits, and top-k leaves the k largest") {
  // exp(ln 3) = 3 beside exp(0) = 1: 3/4 and 1/4. At temperature 1/2 the logit is ln 9: 9/10 and 1/10.
  const Tensor<double> logits = row({std::log(3.0), 0});
  CHECK(token_probabilities(logits, {}).data()[0] == doctest::Approx(0.75));
  CHECK(token_probabilities(logits, {0.5, 0}).data()[0] == doctest::Approx(0.9));
  const Tensor<double> best = token_probabilities(row({1, 5, 5, 0}), {1, 2});
  CHECK(best == row({0, 0.5, 0.5, 0}));
  // Of two that are equally the k-th, neither can be left out.
  CHECK(token_probabilities(row({1, 5, 5, 0}), {1, 1}) == best);
  CHECK(token_probabilities(row({0, 0}), {1, 99}) == row({0.5, 0.5}));
}

TEST_CASE("a temperature that is not above zero is refused") {
  for (const double temperature : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_WITH_AS(token_probabilities(row({1, 2}), {temperature, 0}), "--temperature: must be a number above 0", UsageError);
  }
}

TEST_CASE("tokens are drawn as torch.multinomial draws them") {
  std::ifstream file(ATTNSCOPE_REFERENCE_DIR "/sampling.txt");
  const Tensor<double> logits = row({0.5, -1.0, 2.0, 1.75, 0.0, -3.0, 1.5});
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.front() == '#') continue;
    SamplingOptions options;
    std::uint64_t seed = 0;
    std::size_t token = 0;
    std::istringstream(line) >> options.temperature >> options.top_k >> seed >> token;
    CAPTURE(line);
    TorchGenerator random(seed);
    CHECK(drawn_token(token_probabilities(logits, options), random) == token);
    ++cases;
  }
  CHECK(cases == 60);
}
