#include "recorded.hpp"

#include <attn/shapes/rules.hpp>
#include <attn/shapes/trace.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace attn;
using namespace attn::shapes;

namespace {

using Recorded = std::vector<Shape>;

/// Whether the row's shape comes at or after `next` among the recorded ones; moves `next` behind it.
bool follows(const Recorded& recorded, const Shape& shape, std::size_t& next) {
  const auto found = std::find(recorded.begin() + static_cast<std::ptrdiff_t>(next), recorded.end(), shape);
  if (found == recorded.end()) return false;
  next = static_cast<std::size_t>(found - recorded.begin()) + 1;
  return true;
}

/// Rows that PyTorch computes in another place: it reshapes the weights last, and scales on the query.
bool is_out_of_order(const ShapeRow& row) {
  return row.reason == "weights_view" || row.step == "weights_averaged" || row.reason == "k_transpose";
}

ShapeTrace trace_of(Impl impl, std::size_t d_model, std::size_t heads, Shape query, Shape key = {}) {
  ModuleConfig config;
  config.impl = impl;
  config.d_model = d_model;
  config.heads = heads;
  config.batch_first = true;
  return trace_shapes(config, {std::move(query), std::move(key), {}, {}, {}});
}

const ShapeRow& row_of(const ShapeTrace& trace, const std::string& reason) {
  return *std::find_if(trace.begin(), trace.end(), [&](const ShapeRow& row) { return row.reason == reason; });
}

}  // namespace

TEST_CASE("every accepted recorded configuration has PyTorch's output shape and number of parameters") {
  std::size_t accepted = 0;
  for (const auto& recorded : recorded_cases()) {
    if (recorded.contains("error")) continue;
    const std::string which = recorded.dump().substr(0, 300);
    CAPTURE(which);
    const ShapeTrace trace = trace_shapes(config_of(recorded["config"]), call_of(recorded));
    CHECK(sizes(trace.back().axes) == recorded["output"].get<Shape>());
    std::size_t parameters = 0;
    for (const ShapeRow& row : trace) parameters += row.parameters;
    CHECK(parameters == recorded["parameters"].get<std::size_t>());
    ++accepted;
  }
  CHECK(accepted >= 200);
}

TEST_CASE("every shape of a trace is one that PyTorch made, in that order") {
  for (const auto& recorded : recorded_cases()) {
    if (recorded.contains("error")) continue;
    const std::string which = recorded.dump().substr(0, 300);
    CAPTURE(which);
    const auto shapes = recorded["shapes"].get<Recorded>();
    std::size_t next = 0;
    for (const ShapeRow& row : trace_shapes(config_of(recorded["config"]), call_of(recorded))) {
      if (row.operation == "input" || row.reason == "more_layers" || row.reason == "sdpa_output") continue;
      const std::string at = row.step + " " + row.operation;
      CAPTURE(at);
      std::size_t from = is_out_of_order(row) ? 0 : next;
      CHECK(follows(shapes, sizes(row.axes), from));
      if (!is_out_of_order(row)) next = from;
    }
  }
}

TEST_CASE("the d2l example of the course: two samples of four positions, five heads of width 20") {
  const ShapeTrace trace = trace_of(Impl::d2l, 100, 5, {2, 4, 100});
  CHECK(sizes(row_of(trace, "split_view").axes) == Shape{2, 4, 5, 20});
  CHECK(sizes(row_of(trace, "split_transpose").axes) == Shape{2, 5, 4, 20});
  CHECK(sizes(row_of(trace, "fold_batch").axes) == Shape{10, 4, 20});
  CHECK(sizes(row_of(trace, "scores_folded").axes) == Shape{10, 4, 4});
  CHECK(symbols(row_of(trace, "scores_folded").axes) == "(B·H, Lq, Lk)");
  CHECK(sizes(trace.back().axes) == Shape{2, 4, 100});
}

TEST_CASE("operations and bytes are those of the products, and a view costs nothing") {
  const ShapeTrace trace = trace_of(Impl::linear, 6, 3, {2, 4, 6});
  // Wq: 6·6 weights + 6 biases; 2·4 rows × 6 outputs × 6 multiply-adds of 2, + 48 biases = 576 + 48.
  CHECK(row_of(trace, "q_proj").parameters == 42);
  CHECK(row_of(trace, "q_proj").operations == 624);
  CHECK(row_of(trace, "q_proj").bytes == 2 * 4 * 6 * 4);
  CHECK(row_of(trace, "split_view").bytes == 0);
  CHECK(row_of(trace, "split_view").operations == 0);
  // scores: 2·3 heads × 4·4 dot products of length 2, at 2 each.
  CHECK(row_of(trace, "scores").operations == 2 * 3 * 4 * 4 * 2 * 2);
  // softmax: 96 scores at 5 operations.
  CHECK(row_of(trace, "weights").operations == 480);
}

TEST_CASE("grouped heads are repeated up to the query heads") {
  ModuleConfig config;
  config.impl = Impl::linear;
  config.d_model = 12;
  config.heads = 6;
  config.kv_heads = 2;
  const ShapeTrace trace = trace_shapes(config, {{2, 4, 12}, {}, {}, {}, {}});
  const ShapeRow& repeat = row_of(trace, "repeat_kv");
  CHECK(repeat.operation == "repeat_interleave(3)");
  CHECK(sizes(repeat.axes) == Shape{2, 6, 4, 2});
}

TEST_CASE("layers after the first are one row that stands for all of them") {
  ModuleConfig config;
  config.impl = Impl::transformer;
  config.d_model = 4;
  config.heads = 2;
  config.ffn = 3;
  config.encoder_layers = 3;
  config.decoder_layers = 1;
  config.vocabulary = 10;
  const ShapeTrace trace = trace_shapes(config, {{5, 2}, {7, 2}, {}, {}, {}});
  const ShapeRow& more = row_of(trace, "more_layers");
  CHECK(more.step == "encoder.1 … encoder.2");
  // attention 4·(16 + 4), feed-forward 4·3 + 3 + 3·4 + 4, two norms of 8: 80 + 31 + 16 = 127, twice.
  CHECK(more.parameters == 254);
  CHECK(trace.back().step == "logits");
  CHECK(sizes(trace.back().axes) == Shape{5, 2, 10});
}
