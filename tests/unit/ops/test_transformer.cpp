// Whole models are held against PyTorch in tests/reference (run_models.py, run_trained_model.py); here what a
// stack adds to its layers, by hand and by properties.
#include "transformer_testing.hpp"

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace attn;

namespace {

// The first `rows` rows of sample b of [B, L, ·].
std::vector<double> rows_of(const Tensor<double>& x, std::size_t b, std::size_t rows) {
  const std::size_t width = x.shape(2), first = b * x.shape(1) * width;
  return {x.data() + first, x.data() + first + rows * width};
}

}  // namespace

TEST_CASE("sequences of unequal length are padded on the right") {
  const TokenBatch batch = token_batch({{1, 2, 3}, {4}}, 9);
  CHECK(batch.length == 3);
  CHECK(batch.tokens == std::vector<std::size_t>{1, 2, 3, 4, 9, 9});
  CHECK(batch.lengths == std::vector<std::size_t>{3, 1});
  CHECK(batch.padded());
  CHECK_FALSE(token_batch({{1, 2}, {3, 4}}).padded());
}

TEST_CASE("an embedded token is its scaled row plus the rows of its position and of segment 0") {
  EmbeddingWeights<double> weights;
  weights.token_table = Tensor<double>{{1, 2}, {3, 4}, {5, 6}};
  weights.position_table = Tensor<double>{{10, 20}, {30, 40}, {50, 60}};
  weights.segment_table = Tensor<double>{{100, 200}, {-1, -1}};
  StackOptions<double> options;
  options.embedding_scale = 2;
  const EmbeddingSteps<double> steps = embedded(token_batch({{2, 0}}), 1, weights, options);
  CHECK(steps.token_embedding == Tensor<double>{{{10, 12}, {2, 4}}});
  CHECK(*steps.position_embedding == Tensor<double>{{30, 40}, {50, 60}});
  CHECK(*steps.segment_embedding == Tensor<double>{{100, 200}, {100, 200}});
  CHECK(steps.x == Tensor<double>{{{10 + 30 + 100, 12 + 40 + 200}, {2 + 50 + 100, 4 + 60 + 200}}});
  CHECK(&steps.output() == &steps.x);
}

TEST_CASE("tokens and positions beyond their tables are refused") {
  const TransformerWeights<double> weights = small_transformer(false);
  const auto run = [&](const std::vector<std::size_t>& tokens) {
    transformer(token_batch({}), token_batch({tokens}), weights, small_options());
  };
  CHECK_THROWS_WITH_AS(run({7}), "tokens: there is no token 7: the vocabulary has 7 tokens, counted from 0", InputError);
  CHECK_THROWS_WITH_AS(run({0, 0, 0, 0, 0, 0, 0, 0, 0}), "tokens: a sequence of 9 tokens is longer than the 8 positions of this model", InputError);
}

TEST_CASE("padding and company change nothing for a sequence") {
  const TransformerWeights<double> weights = small_transformer(true);
  for (const NormPlacement placement : {NormPlacement::pre, NormPlacement::post}) {
    const StackOptions<double> options = small_options(placement);
    const auto both = transformer(token_batch({{1, 2, 3, 4}, {5, 6}}), token_batch({{1, 2}, {1, 3}}), weights, options);
    const auto alone = transformer(token_batch({{5, 6}}), token_batch({{1, 3}}), weights, options);
    CHECK(rows_of(both.encoder->output(), 1, 2) == rows_of(alone.encoder->output(), 0, 2));
    CHECK(rows_of(*both.logits, 1, 2) == rows_of(*alone.logits, 0, 2));
  }
}

TEST_CASE("a decoder does not see the future, an encoder sees everything") {
  const TransformerWeights<double> weights = small_transformer(true);
  const auto run = [&](const std::vector<std::size_t>& source, const std::vector<std::size_t>& target) {
    return transformer(token_batch({source}), token_batch({target}), weights, small_options());
  };
  const auto steps = run({1, 2, 3}, {1, 2, 3});
  const auto other_end = run({1, 2, 3}, {1, 2, 6});
  CHECK(rows_of(*steps.logits, 0, 2) == rows_of(*other_end.logits, 0, 2));
  CHECK(rows_of(*steps.logits, 0, 3) != rows_of(*other_end.logits, 0, 3));
  CHECK(rows_of(run({1, 2, 6}, {1, 2, 3}).encoder->output(), 0, 1) != rows_of(steps.encoder->output(), 0, 1));
}

TEST_CASE("the last result alone, by the fused path, is that of the steps but for rounding") {
  const TokenBatch source = token_batch({{1, 2, 3, 4}, {5, 6}}), target = token_batch({{1, 2, 6}, {1, 3}});
  const auto close = [](const Tensor<double>& a, const Tensor<double>& b) {
    REQUIRE(shape_of(a) == shape_of(b));
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a.data()[i] == doctest::Approx(b.data()[i]).epsilon(1e-12));
  };
  for (const bool encoder : {false, true}) {
    for (const NormPlacement placement : {NormPlacement::pre, NormPlacement::post}) {
      TransformerWeights<double> weights = small_transformer(encoder);
      const StackOptions<double> options = small_options(placement);
      const auto steps = transformer(source, target, weights, options);
      close(fused_transformer(source, target, weights, options), *steps.logits);
      weights.w_out.reset();
      close(fused_transformer(source, target, weights, options), steps.decoder->output());
      if (!encoder) continue;
      weights.decoder.reset();
      close(fused_transformer(source, target, weights, options), steps.encoder->output());
    }
  }
}

TEST_CASE("the trace of a model has dotted paths, each once, in order of computation") {
  const auto steps = transformer(token_batch({{1, 2}}), token_batch({{3}}), small_transformer(true), small_options());
  Trace trace;
  append_to(trace, steps);
  std::vector<std::string> names;
  for (const TraceEntry& entry : trace.entries) names.push_back(entry.name);
  CHECK(names.front() == "encoder.token_embedding");
  CHECK(names.back() == "logits");
  for (const char* name : {"encoder.x", "encoder.1.self.weights", "encoder.final.norm", "decoder.0.cross.weights", "decoder.1.ffn_hidden", "decoder.output"}) {
    CAPTURE(name);
    CHECK(std::count(names.begin(), names.end(), name) == 1);
  }
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
}
