#include <attn/shapes/trace.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace attn;
using namespace attn::shapes;

namespace {

ShapeTrace trace_of(Impl impl, ModuleCall call) {
  ModuleConfig config;
  config.impl = impl;
  config.d_model = 4;
  config.heads = 2;
  config.ffn = 3;
  config.encoder_layers = config.decoder_layers = 1;
  return trace_shapes(config, call);
}

std::size_t parameters(const ShapeTrace& trace) {
  std::size_t sum = 0;
  for (const ShapeRow& row : trace) sum += row.parameters;
  return sum;
}

std::size_t count(const ShapeTrace& trace, const std::string& step) {
  return static_cast<std::size_t>(std::count_if(trace.begin(), trace.end(), [&](const ShapeRow& row) { return row.step == step; }));
}

// Attention: 4 maps of 4·4 + 4; feed-forward: 4·3 + 3 and 3·4 + 4; a norm: 4 + 4.
constexpr std::size_t attention = 80, feed_forward = 31, norm = 8;

}  // namespace

TEST_CASE("an encoder layer is attention and feed-forward, each with its residual and norm") {
  const ShapeTrace trace = trace_of(Impl::encoder_layer, {{5, 2, 4}, {}, {}, {}, {}});
  CHECK(parameters(trace) == attention + feed_forward + 2 * norm);
  CHECK(count(trace, "residual") == 2);
  CHECK(count(trace, "norm") == 2);
  CHECK(sizes(trace.back().axes) == Shape{5, 2, 4});
}

TEST_CASE("a decoder layer attends to itself and to the memory, whose length shows in the cross scores only") {
  const ShapeTrace trace = trace_of(Impl::decoder_layer, {{5, 2, 4}, {7, 2, 4}, {}, {}, {}});
  CHECK(parameters(trace) == 2 * attention + feed_forward + 3 * norm);
  const auto scores = [&](const std::string& step) {
    return sizes(std::find_if(trace.begin(), trace.end(), [&](const ShapeRow& row) { return row.step == step; })->axes);
  };
  CHECK(scores("self.scores_scaled") == Shape{4, 5, 5});
  CHECK(scores("cross.scores_scaled") == Shape{4, 5, 7});
}

TEST_CASE("a transformer without a batch axis ends with the decoder's norm, in the shape of its target") {
  const ShapeTrace trace = trace_of(Impl::transformer, {{5, 4}, {7, 4}, {}, {}, {}});
  // One layer of each kind, and a norm behind each stack.
  CHECK(parameters(trace) == 3 * attention + 2 * feed_forward + 5 * norm + 2 * norm);
  CHECK(trace.back().step == "decoder.norm");
  CHECK(sizes(trace.back().axes) == Shape{5, 4});
}
