// Against an independent layer of plain loops in long double, and by properties that a layer must have.
#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/ops/layer.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

using namespace attn;

namespace {

using Row = std::vector<long double>;

MultiheadWeights<double> attention_weights(std::size_t width, std::size_t kv_width, std::uint32_t seed) {
  MultiheadWeights<double> w;
  w.w_q = naive::numbers<double>({width, width}, seed);
  w.w_k = naive::numbers<double>({width, kv_width}, seed + 1);
  w.w_v = naive::numbers<double>({width, kv_width}, seed + 2);
  w.b_v = naive::numbers<double>({kv_width}, seed + 3);
  w.w_o = naive::numbers<double>({width, width}, seed + 4);
  return w;
}

NormWeights<double> norm_weights(std::size_t width, std::uint32_t seed) {
  return {naive::numbers<double>({width}, seed), naive::numbers<double>({width}, seed + 1)};
}

// E = 8, four query heads on two key/value heads of 2, F = 12.
LayerWeights<double> layer_weights(bool decoder) {
  LayerWeights<double> w;
  w.self = {attention_weights(8, 4, 10), {}, norm_weights(8, 20)};
  if (decoder) w.cross = AttentionBlockWeights<double>{attention_weights(8, 4, 30), {}, norm_weights(8, 40)};
  w.ffn.maps.w_1 = naive::numbers<double>({8, 12}, 50);
  w.ffn.maps.b_1 = naive::numbers<double>({12}, 51);
  w.ffn.maps.w_2 = naive::numbers<double>({12, 8}, 52);
  w.ffn.maps.b_2 = naive::numbers<double>({8}, 53);
  w.ffn.norm = norm_weights(8, 60);
  return w;
}

LayerOptions<double> layer_options(NormPlacement placement) {
  LayerOptions<double> options;
  options.self.heads = options.cross.heads = 4;
  options.self.kv_heads = options.cross.kv_heads = 2;
  options.self.attention.mask.causal = true;
  options.placement = placement;
  options.norm.eps = 0.01;
  return options;
}

Row row_of(const Tensor<double>& x, std::size_t b, std::size_t l) {
  Row row;
  for (std::size_t e = 0; e < x.shape(2); ++e) row.push_back(naive::at(x, {b, l, e}));
  return row;
}

Row mapped(const Row& row, const Tensor<double>& w, const std::optional<Tensor<double>>& b) {
  Row result;
  for (std::size_t c = 0; c < w.shape(1); ++c) {
    long double sum = b ? static_cast<long double>(b->data()[c]) : 0;
    for (std::size_t e = 0; e < row.size(); ++e) sum += row[e] * naive::at(w, {e, c});
    result.push_back(sum);
  }
  return result;
}

Row plus(Row a, const Row& b) {
  for (std::size_t e = 0; e < a.size(); ++e) a[e] += b[e];
  return a;
}

Row layer_norm(const Row& row, const NormWeights<double>& w) {
  long double mean = 0, variance = 0;
  for (const long double value : row) mean += value / static_cast<long double>(row.size());
  for (const long double value : row) variance += (value - mean) * (value - mean) / static_cast<long double>(row.size());
  Row result;
  for (std::size_t e = 0; e < row.size(); ++e) {
    result.push_back((row[e] - mean) / std::sqrt(variance + 0.01L) * static_cast<long double>(w.gamma->data()[e]) +
                     static_cast<long double>(w.beta->data()[e]));
  }
  return result;
}

// Row i of attention over the source's first `visible` rows; head h reads key head h / 2.
Row attended(const Row& query_row, const std::vector<Row>& source, std::size_t visible, const MultiheadWeights<double>& w) {
  const Row q = mapped(query_row, *w.w_q, w.b_q);
  Row merged;
  for (std::size_t h = 0; h < 4; ++h) {
    Row weights;
    long double total = 0;
    for (std::size_t j = 0; j < visible; ++j) {
      const Row k = mapped(source[j], *w.w_k, w.b_k);
      const long double score = (q[2 * h] * k[2 * (h / 2)] + q[2 * h + 1] * k[2 * (h / 2) + 1]) / std::sqrt(2.0L);
      weights.push_back(std::exp(score));
      total += weights.back();
    }
    for (std::size_t c = 0; c < 2; ++c) {
      long double sum = 0;
      for (std::size_t j = 0; j < visible; ++j) sum += weights[j] / total * mapped(source[j], *w.w_v, w.b_v)[2 * (h / 2) + c];
      merged.push_back(sum);
    }
  }
  return mapped(merged, *w.w_o, w.b_o);
}

// The decoder layer of one sample, written straight from its definition.
std::vector<Row> naive_decoder(const std::vector<Row>& x, const std::vector<Row>& memory, const LayerWeights<double>& w, bool pre) {
  const auto around = [pre](const std::vector<Row>& rows, const NormWeights<double>& norm, auto sublayer) {
    std::vector<Row> read, result;
    for (const Row& row : rows) read.push_back(pre ? layer_norm(row, norm) : row);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row sum = plus(rows[i], sublayer(read, i));
      result.push_back(pre ? sum : layer_norm(sum, norm));
    }
    return result;
  };
  const auto first = around(x, w.self.norm, [&](const std::vector<Row>& read, std::size_t i) { return attended(read[i], read, i + 1, w.self.attention); });
  const auto second = around(first, w.cross->norm, [&](const std::vector<Row>& read, std::size_t i) { return attended(read[i], memory, memory.size(), w.cross->attention); });
  return around(second, w.ffn.norm, [&](const std::vector<Row>& read, std::size_t i) {
    Row hidden = mapped(read[i], *w.ffn.maps.w_1, w.ffn.maps.b_1);
    for (long double& value : hidden) value = std::max(value, 0.0L);
    return mapped(hidden, *w.ffn.maps.w_2, w.ffn.maps.b_2);
  });
}

std::vector<std::string> paths_of(const LayerSteps<double>& steps) {
  std::vector<std::string> paths;
  visit(steps, [&](const std::string& path, Step, const Tensor<double>&) { paths.push_back(path); });
  return paths;
}

double largest_difference(const Tensor<double>& a, const Tensor<double>& b) {
  REQUIRE(shape_of(a) == shape_of(b));
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a.data()[i] - b.data()[i]));
  return largest;
}

Tensor<double> rows(const Tensor<double>& x, std::size_t first, std::size_t count) {
  Tensor<double> part = empty<double>({x.shape(0), count, x.shape(2)});
  for (std::size_t b = 0; b < x.shape(0); ++b) {
    for (std::size_t l = 0; l < count; ++l) {
      for (std::size_t e = 0; e < x.shape(2); ++e) part(b, l, e) = x(b, first + l, e);
    }
  }
  return part;
}

}  // namespace

TEST_CASE("a decoder layer agrees with plain loops, with either placement of the norm") {
  const auto x = naive::numbers<double>({2, 4, 8}, 1), memory = naive::numbers<double>({2, 3, 8}, 2);
  const auto weights = layer_weights(true);
  for (const NormPlacement placement : {NormPlacement::post, NormPlacement::pre}) {
    const auto steps = layer<double>({x, memory}, weights, layer_options(placement));
    for (std::size_t b = 0; b < 2; ++b) {
      std::vector<Row> x_rows, memory_rows;
      for (std::size_t l = 0; l < 4; ++l) x_rows.push_back(row_of(x, b, l));
      for (std::size_t l = 0; l < 3; ++l) memory_rows.push_back(row_of(memory, b, l));
      const auto expected = naive_decoder(x_rows, memory_rows, weights, placement == NormPlacement::pre);
      for (std::size_t l = 0; l < 4; ++l) {
        for (std::size_t e = 0; e < 8; ++e) CHECK(std::abs(expected[l][e] - naive::at(steps.output(), {b, l, e})) < 1e-13L);
      }
    }
  }
}

TEST_CASE("the output alone, by the fused path, is that of the steps but for rounding") {
  const auto x = naive::numbers<double>({2, 70, 8}, 1), memory = naive::numbers<double>({2, 90, 8}, 2);
  for (const bool decoder : {false, true}) {
    for (const NormPlacement placement : {NormPlacement::post, NormPlacement::pre}) {
      auto options = layer_options(placement);
      options.self.attention.rotary = RotaryPositions<double>{};
      options.self.attention.softcap = 3;
      options.cross.attention.mask.valid_lens = {90, 7};
      const LayerInputs<double> inputs{x, decoder ? std::optional(memory) : std::nullopt};
      const auto whole = layer<double>(inputs, layer_weights(decoder), options);
      CHECK(largest_difference(fused_layer<double>(inputs, layer_weights(decoder), options), whole.output()) < 1e-12);
    }
  }
}

TEST_CASE("the fused path of a layer goes on from a cache, and keeps the rank of its input") {
  const auto x = naive::numbers<double>({2, 5, 8}, 1), memory = naive::numbers<double>({2, 3, 8}, 2);
  const auto weights = layer_weights(true);
  const auto options = layer_options(NormPlacement::post);
  const auto whole = layer<double>({x, memory}, weights, options);
  const auto four = layer<double>({rows(x, 0, 4), memory}, weights, options);
  const auto last = fused_layer<double>({rows(x, 4, 1), std::nullopt, cache_after(four)}, weights, options);
  CHECK(largest_difference(last, rows(whole.output(), 4, 1)) < 1e-13);
  const auto flat = naive::numbers<double>({3, 8}, 6);
  CHECK(shape_of(fused_layer<double>({flat}, layer_weights(false), options)) == Shape{3, 8});
  CHECK_THROWS_WITH_AS(fused_layer<double>({x}, weights, options), "memory: is missing: a decoder layer attends to it", ShapeError);
}

TEST_CASE("the steps of a layer come in order of computation, under paths that are all different") {
  const auto x = naive::numbers<double>({1, 2, 8}, 1);
  const auto post = paths_of(layer<double>({x}, layer_weights(false), layer_options(NormPlacement::post)));
  CHECK(post == std::vector<std::string>{"x", "self.q_proj", "self.k_proj", "self.v_proj", "self.q", "self.k", "self.v", "self.scores_raw",
                                         "self.scores_scaled", "self.mask", "self.scores_masked", "self.weights", "self.heads", "self.merged",
                                         "self.output", "self.residual", "self.norm_mean", "self.norm_var", "self.norm", "ffn_up", "ffn_hidden",
                                         "ffn_output", "ffn.residual", "ffn.norm_mean", "ffn.norm_var", "ffn.norm", "output"});
  const auto pre = paths_of(layer<double>({x}, layer_weights(false), layer_options(NormPlacement::pre)));
  CHECK(std::vector<std::string>(pre.begin(), pre.begin() + 5) == std::vector<std::string>{"x", "self.norm_mean", "self.norm_var", "self.norm", "self.q_proj"});
  CHECK(std::vector<std::string>(pre.end() - 2, pre.end()) == std::vector<std::string>{"ffn.residual", "output"});
}

TEST_CASE("a trace of a layer inside a stack carries the path of the layer") {
  const auto steps = layer<double>({naive::numbers<double>({1, 2, 8}, 1), naive::numbers<double>({1, 3, 8}, 2)}, layer_weights(true), layer_options(NormPlacement::post));
  Trace trace;
  append_to(trace, steps, "decoder.1.");
  CHECK(trace.entries.front().name == "decoder.1.x");
  bool found = false;
  for (const TraceEntry& entry : trace.entries) found = found || (entry.name == "decoder.1.ffn_hidden" && entry.step == Step::ffn_hidden);
  CHECK(found);
}

TEST_CASE("decoding token by token with a cache gives bit for bit what the whole sequence gives") {
  const auto x = naive::numbers<double>({2, 5, 8}, 1), memory = naive::numbers<double>({2, 3, 8}, 2);
  const auto weights = layer_weights(true);
  for (const bool rotary : {false, true}) {
    for (const NormPlacement placement : {NormPlacement::post, NormPlacement::pre}) {
      auto options = layer_options(placement);
      if (rotary) options.self.attention.rotary = RotaryPositions<double>{};
      const auto whole = layer<double>({x, memory}, weights, options);
      LayerCache<double> cache;
      for (std::size_t l = 0; l < 5; ++l) {
        LayerInputs<double> inputs{rows(x, l, 1), std::nullopt, std::move(cache)};
        if (l == 0) inputs.memory = memory;
        const auto one = layer<double>(std::move(inputs), weights, options);
        CHECK(one.output() == rows(whole.output(), l, 1));
        CHECK(one.cross->attention.k_proj.has_value() == (l == 0));  // computed once
        cache = cache_after(one);
      }
      CHECK(cache.self->key.shape(2) == 5);
    }
  }
}

TEST_CASE("rotary tables made once give the numbers of tables made for each run") {
  auto options = layer_options(NormPlacement::pre);
  options.self.attention.rotary = RotaryPositions<double>{};
  const auto x = naive::numbers<double>({1, 4, 8}, 3);
  const auto made = layer<double>({x}, layer_weights(false), options);
  options.self.attention.rotary->options.head_dim = 2;
  options.self.attention.rotary->tables = std::make_shared<const RopeTables<double>>(rope_tables<double>(6, options.self.attention.rotary->options));
  CHECK(layer<double>({x}, layer_weights(false), options).output() == made.output());
}

TEST_CASE("a layer without positions or masks does not care about the order of its rows") {
  auto options = layer_options(NormPlacement::post);
  options.self.attention.mask.causal = false;
  const auto x = naive::numbers<double>({1, 2, 8}, 4);
  Tensor<double> swapped = empty<double>({1, 2, 8});
  for (std::size_t e = 0; e < 8; ++e) {
    swapped(0, 0, e) = x(0, 1, e);
    swapped(0, 1, e) = x(0, 0, e);
  }
  const auto weights = layer_weights(false);
  const auto straight = layer<double>({x}, weights, options).output(), crossed = layer<double>({swapped}, weights, options).output();
  CHECK(largest_difference(rows(straight, 0, 1), rows(crossed, 1, 1)) < 1e-14);
}

TEST_CASE("a layer whose attention changes the width needs a map on that shortcut") {
  auto weights = layer_weights(false);
  weights.self.attention.w_o = naive::numbers<double>({8, 6}, 70);
  const auto x = naive::numbers<double>({1, 2, 8}, 5);
  CHECK_THROWS_AS(layer<double>({x}, weights, layer_options(NormPlacement::post)), ShapeError);
  weights.self.residual.w_s = naive::numbers<double>({8, 6}, 71);
  weights.self.norm = norm_weights(6, 72);
  weights.ffn.maps.w_1 = naive::numbers<double>({6, 12}, 73);
  weights.ffn.maps.w_2 = naive::numbers<double>({12, 6}, 74);
  weights.ffn.maps.b_2 = std::nullopt;
  weights.ffn.norm = norm_weights(6, 75);
  const auto steps = layer<double>({x}, weights, layer_options(NormPlacement::post));
  CHECK(shape_of(steps.output()) == Shape{1, 2, 6});
  CHECK(shape_of(*steps.self.residual.shortcut) == Shape{1, 2, 6});
}

TEST_CASE("an input without a batch axis gives an output without one") {
  const auto x = naive::numbers<double>({3, 8}, 6);
  const auto flat = layer<double>({x}, layer_weights(false), layer_options(NormPlacement::pre));
  const auto batched = layer<double>({reshaped(x, {1, 3, 8})}, layer_weights(false), layer_options(NormPlacement::pre));
  CHECK(flat.output() == reshaped(batched.output(), {3, 8}));
  CHECK(flat.ffn.residual.residual == batched.ffn.residual.residual);
}

TEST_CASE("a decoder layer without a memory is refused") {
  CHECK_THROWS_WITH_AS(layer<double>({naive::numbers<double>({1, 2, 8}, 7)}, layer_weights(true), layer_options(NormPlacement::post)),
                       "memory: is missing: a decoder layer attends to it", ShapeError);
}
