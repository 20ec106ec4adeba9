#include <attn/cost/complexity.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace attn::cost;

namespace {

struct Row {
  Layer layer;
  std::string operations, sequential, width, path;
};

Values sizes() {
  Values values;
  values[Letter::n] = 100;
  values[Letter::m] = 40;
  values[Letter::d] = 8;
  values[Letter::k] = 3;
  values[Letter::a] = 3;
  values[Letter::h] = 2;
  values[Letter::r] = 12;
  return values;
}

}  // namespace

TEST_CASE("the orders are those of the course text: CNN, RNN and self-attention") {
  // Complexity O(k·n·d²), O(n·d²), O(n²·d); parallelism O(n), O(1), O(n); path O(n/k), O(n), O(1).
  const std::vector<Row> rows = {{Layer::convolution, "k·n·d²", "1", "n", "n/k"},
                                 {Layer::rnn, "n·d²", "n", "1", "n"},
                                 {Layer::self_attention, "n²·d", "1", "n", "1"}};
  for (const Row& row : rows) {
    const LayerInfo& info = layer_info(row.layer);
    CHECK(info.order.text() == row.operations);
    CHECK(info.sequential.text() == row.sequential);
    CHECK(info.width.text() == row.width);
    CHECK(std::string(info.path.order) == row.path);
    CHECK(info.source.document);
  }
}

TEST_CASE("the orders are those of table 1 of Vaswani et al. 2017") {
  // Self-Attention O(n²·d) O(1) O(1); Recurrent O(n·d²) O(n) O(n); Convolutional O(k·n·d²) O(1) O(log_k(n));
  // Self-Attention (restricted) O(r·n·d) O(1) O(n/r).
  const std::vector<Row> rows = {{Layer::self_attention, "n²·d", "1", "", "1"},
                                 {Layer::rnn, "n·d²", "n", "", "n"},
                                 {Layer::dilated_convolution, "k·n·d²", "1", "", "log_k(n)"},
                                 {Layer::restricted_attention, "r·n·d", "1", "", "n/r"}};
  for (const Row& row : rows) {
    const LayerInfo& info = layer_info(row.layer);
    CHECK(info.order.text() == row.operations);
    CHECK(info.sequential.text() == row.sequential);
    CHECK(std::string(info.path.order) == row.path);
    CHECK(info.source.vaswani);
  }
}

TEST_CASE("every layer has one row, and every row says where it comes from") {
  CHECK(layer_table().size() == layer_count);
  for (const LayerInfo& row : layer_table()) {
    CAPTURE(row.key);
    CHECK((row.source.document || row.source.vaswani || row.source.reference != nullptr));
    CHECK(&layer_info(row.layer) == &row);
  }
}

TEST_CASE("parameters, activations and caches are those of the layers' definitions") {
  const auto value = [](const Polynomial& formula) { return formula.value(sizes()); };
  const auto row = [](Layer layer) -> const LayerInfo& { return layer_info(layer); };
  CHECK(value(row(Layer::convolution).parameters) == 192);      // 3 taps of 8·8
  CHECK(value(row(Layer::convolution).cache) == 16);            // the 2 positions before, 8 numbers each
  CHECK(value(row(Layer::dilated_convolution).cache) == 48);    // 6 positions back, 8 numbers each
  CHECK(value(row(Layer::rnn).parameters) == 128);              // W and U
  CHECK(value(row(Layer::gru).parameters) == 384);              // three of each
  CHECK(value(row(Layer::lstm).parameters) == 512);             // four of each
  CHECK(value(row(Layer::lstm).cache) == 16);                   // c and h
  CHECK(value(row(Layer::self_attention).parameters) == 256);   // four maps of 8·8
  CHECK(value(row(Layer::self_attention).cache) == 1600);       // 100 keys and 100 values of 8
  CHECK(value(row(Layer::cross_attention).cache) == 640);       // 40 keys and 40 values of 8
  CHECK(value(row(Layer::restricted_attention).cache) == 192);  // 12 keys and 12 values of 8
  CHECK(value(row(Layer::linear_attention).cache) == 40);       // 2 heads of 4·4, and Σφ(k) of 8
  // q, k, v, heads, output: 5·100·8 = 4000; scores and weights: 2·2·100² = 40000
  CHECK(value(row(Layer::self_attention).activations) == 44000);
  // r, z, candidate, state
  CHECK(value(row(Layer::gru).activations) == 3200);
}

TEST_CASE("path lengths are exact, and empty where nothing connects or no formula holds") {
  Values values = sizes();
  CHECK(layer_info(Layer::convolution).path.length(values) == 50);           // ⌈99/2⌉
  CHECK(layer_info(Layer::dilated_convolution).path.length(values) == 5);    // 3⁴ = 81 < 100 ≤ 3⁵
  CHECK(layer_info(Layer::restricted_attention).path.length(values) == 9);   // 99/11
  CHECK(layer_info(Layer::rnn).path.length(values) == 100);
  values[Letter::a] = 2;  // reach 2·(2^L − 1): 2·31 = 62 < 99 ≤ 2·63
  CHECK(layer_info(Layer::dilated_convolution).path.length(values) == 6);
  values[Letter::a] = 4;
  CHECK_FALSE(layer_info(Layer::dilated_convolution).path.length(values).has_value());
  values[Letter::k] = 1;
  CHECK_FALSE(layer_info(Layer::convolution).path.length(values).has_value());
  values[Letter::n] = 1;
  CHECK(layer_info(Layer::convolution).path.length(values) == 1);
}
