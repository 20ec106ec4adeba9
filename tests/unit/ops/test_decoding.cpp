#include <attn/ops/decoding.hpp>

#include "transformer_testing.hpp"

#include <doctest/doctest.h>

using namespace attn;

namespace {

using Tokens = std::vector<std::size_t>;

// The logits after each of the tokens, given one by one.
std::vector<Tensor<double>> logits_of(const TransformerWeights<double>& weights, const StackOptions<double>& options,
                                      const Tokens& source, const Tokens& tokens, CacheUse cache) {
  Decoder<double> decoder(weights, options, source, cache);
  std::vector<Tensor<double>> result;
  for (const std::size_t token : tokens) result.push_back(decoder.next({token}));
  return result;
}

}  // namespace

TEST_CASE("with and without a cache, and in one pass, every logit has the same bits") {
  for (const bool encoder : {true, false}) {
    const TransformerWeights<double> weights = small_transformer(encoder);
    for (const bool rotary : {true, false}) {
      StackOptions<double> options = small_options(rotary ? NormPlacement::pre : NormPlacement::post);
      if (rotary) options.layer.self.attention.rotary = RotaryPositions<double>{};
      const Tokens source = {5, 1, 4}, tokens = {1, 6, 2, 2, 0};
      const auto cached = logits_of(weights, options, source, tokens, CacheUse::yes);
      CHECK(cached == logits_of(weights, options, source, tokens, CacheUse::no));
      const auto at_once = transformer(token_batch({source}), token_batch({tokens}), weights, options);
      const Tensor<double>& all = *at_once.logits;
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        for (std::size_t v = 0; v < 7; ++v) CHECK(cached[i].data()[v] == all(0, i, v));
      }
    }
  }
}

TEST_CASE("a prompt may be given in pieces of any length") {
  const TransformerWeights<double> weights = small_transformer(false);
  const StackOptions<double> options = small_options();
  Decoder<double> whole(weights, options, {}), pieces(weights, options, {});
  pieces.next({3});
  pieces.next({1, 4});
  CHECK(pieces.next({2}) == whole.next({3, 1, 4, 2}));
  CHECK(whole.length() == 4);
}

TEST_CASE("a sequence ends with the end token or at the most tokens") {
  const TransformerWeights<double> weights = small_transformer(true);
  const StackOptions<double> options = small_options();
  TorchGenerator random(0);
  const auto written = [&](std::size_t most, std::optional<std::size_t> end) {
    Decoder<double> decoder(weights, options, {1, 2});
    return generate(decoder, {1}, {most, end, std::nullopt}, random);
  };
  const Generated free = written(5, std::nullopt);
  CHECK(free.tokens.size() == 5);
  CHECK(free.probabilities.size() == 5);
  for (const double probability : free.probabilities) CHECK((probability > 1.0 / 7 && probability <= 1));  // the largest of 7
  CHECK(written(5, free.tokens[0]).tokens == Tokens{free.tokens[0]});
  CHECK(written(0, std::nullopt).tokens.empty());
}

TEST_CASE("drawn tokens depend on the seed alone, and greedy ones on nothing") {
  const TransformerWeights<double> weights = small_transformer(false);
  const StackOptions<double> options = small_options();
  const auto drawn = [&](std::uint64_t seed, double temperature) {
    TorchGenerator random(seed);
    Decoder<double> decoder(weights, options, {});
    return generate(decoder, {1}, {7, std::nullopt, SamplingOptions{temperature, 0}}, random).tokens;
  };
  CHECK(drawn(1, 5) == drawn(1, 5));
  CHECK(drawn(1, 5) != drawn(2, 5));
  TorchGenerator random(3);
  Decoder<double> decoder(weights, options, {});
  // Almost at temperature zero only the most probable token is left.
  CHECK(drawn(3, 1e-6) == generate(decoder, {1}, {7, std::nullopt, std::nullopt}, random).tokens);
}

TEST_CASE("an encoder alone cannot write") {
  TransformerWeights<double> weights = small_transformer(true);
  weights.decoder.reset();
  CHECK_THROWS_AS(Decoder<double>(weights, small_options(), {1}), std::invalid_argument);
}
