#include <attn/cost/complexity.hpp>
#include <attn/cost/crossover.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace attn::cost;

namespace {

Values sizes(Count d, Count k, Count h = 2) {
  Values values;
  values[Letter::d] = d;
  values[Letter::k] = k;
  values[Letter::h] = h;
  values[Letter::r] = 7;
  return values;
}

const Polynomial n = Letter::n, d = Letter::d;

}  // namespace

TEST_CASE("as the tables print it: n < d against a recurrence, n < k·d against a convolution") {
  const Polynomial attention = layer_info(Layer::self_attention).order;
  const Crossover rnn = crossover(attention, layer_info(Layer::rnn).order, sizes(512, 3));
  CHECK(rnn.text() == "n < d");
  CHECK(rnn.kind == Crossover::Kind::below);
  CHECK(rnn.limit == 512);
  CHECK(rnn.equal_at == 512);
  const Crossover convolution = crossover(attention, layer_info(Layer::convolution).order, sizes(512, 3));
  CHECK(convolution.text() == "n < k·d");
  CHECK(convolution.limit == 1536);
}

TEST_CASE("with the projections an RNN is always cheaper, a GRU up to n = d, an LSTM up to n = 2·d") {
  // 4·n·d² + 2·n²·d against 2, 6 and 8 times n·d²: 2·n + 4·d < 2·d, n < d, n < 2·d.
  const Polynomial attention = matrix_products_of(Layer::self_attention).total();
  const auto against = [&](Layer layer) { return crossover(attention, matrix_products_of(layer).total(), sizes(64, 3)); };
  CHECK(against(Layer::rnn).kind == Crossover::Kind::never);
  CHECK(against(Layer::gru).text() == "n < d");
  CHECK(against(Layer::lstm).text() == "n < 2·d");
  CHECK(against(Layer::lstm).limit == 128);
  // 2·n < (k − 4)·d: never for k ≤ 4, for k = 9 while n < 160.
  CHECK(against(Layer::convolution).kind == Crossover::Kind::never);
  CHECK(crossover(attention, matrix_products_of(Layer::convolution).total(), sizes(64, 9)).limit == 160);
}

TEST_CASE("the limit is exact: the costs on both sides of it are in the stated order") {
  const Polynomial attention = operations_of(Layer::self_attention).total().total();
  for (const Layer layer : {Layer::convolution, Layer::rnn, Layer::gru, Layer::lstm, Layer::restricted_attention,
                            Layer::linear_attention}) {
    for (const Count width : {6, 50, 64}) {
      for (const Count kernel : {1, 3, 7, 31}) {
        const Polynomial other = operations_of(layer).total().total();
        Values values = sizes(width, kernel);
        const Crossover found = crossover(attention, other, values);
        for (const Count length : {1, 2, 3, 10, 49, 50, 51, 63, 64, 65, 100, 128, 700, 1000}) {
          values[Letter::n] = length;
          CHECK(found.holds(length) == (attention.value(values) < other.value(values)));
        }
      }
    }
  }
}

TEST_CASE("equal costs are never less, a constant factor decides for every n, and reversed sides turn the answer") {
  CHECK(crossover(n * d, n * d, sizes(8, 3)).kind == Crossover::Kind::never);
  CHECK(crossover(n * d, 2 * n * d, sizes(8, 3)).kind == Crossover::Kind::always);
  CHECK(crossover(2 * n * d, n * d, sizes(8, 3)).kind == Crossover::Kind::never);
  const Crossover reversed = crossover(n * d * d, n * n * d, sizes(8, 3));
  CHECK(reversed.kind == Crossover::Kind::above);
  CHECK(reversed.limit == 8);
  CHECK(reversed.text() == "d < n");
  CHECK_FALSE(reversed.holds(8));
  CHECK(reversed.holds(9));
  // 3·n < 8 holds up to n = 2, and the sides are equal at no whole n.
  const Crossover between = crossover(3 * n * n, n * d, sizes(8, 3));
  CHECK(between.limit == 3);
  CHECK_FALSE(between.equal_at.has_value());
}

TEST_CASE("costs that are no line times n are refused") {
  CHECK_THROWS_AS(crossover(n * n * n, n, sizes(8, 3)), std::invalid_argument);
}
