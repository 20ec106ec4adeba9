#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/ops/recurrent.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace attn;

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

RecurrentWeights<double> weights(std::vector<double> w, std::vector<double> u) {
  RecurrentWeights<double> result{empty<double>({1, w.size()}), empty<double>({u.size(), 1, 1})};
  std::copy(w.begin(), w.end(), result.w.data());
  std::copy(u.begin(), u.end(), result.u.data());
  return result;
}

/// Two positions of width 1.
Tensor<double> inputs() {
  Tensor<double> x = empty<double>({2, 1});
  x.data()[0] = 0.5;
  x.data()[1] = -1.0;
  return x;
}

const Tensor<double> x = inputs();

}  // namespace

TEST_CASE("an RNN of one number, written out") {
  const Tensor<double> h = rnn(x, weights({2.0}, {3.0})).states;
  const double first = std::tanh(2 * 0.5);
  CHECK(h(0, 0) == doctest::Approx(first).epsilon(1e-15));
  CHECK(h(1, 0) == doctest::Approx(std::tanh(2 * -1.0 + 3 * first)).epsilon(1e-15));
}

TEST_CASE("a GRU of one number, written out: the reset gate works on the state before its map") {
  const Tensor<double> h = gru(x, weights({1.0, 2.0, 3.0}, {4.0, 5.0, 6.0})).states;
  // The first state is zero: z = σ(2·0.5), h = (1 − z)·tanh(3·0.5).
  const double first = (1 - sigmoid(1.0)) * std::tanh(1.5);
  const double r = sigmoid(-1 + 4 * first), z = sigmoid(-2 + 5 * first), c = std::tanh(-3 + 6 * (r * first));
  CHECK(h(0, 0) == doctest::Approx(first).epsilon(1e-15));
  CHECK(h(1, 0) == doctest::Approx(z * first + (1 - z) * c).epsilon(1e-15));
}

TEST_CASE("an LSTM of one number, written out") {
  const Tensor<double> h = lstm(x, weights({1.0, 2.0, 3.0, 4.0}, {5.0, 6.0, 7.0, 8.0})).states;
  const double cell = sigmoid(0.5) * std::tanh(1.5);
  const double first = sigmoid(2.0) * std::tanh(cell);
  const double next = sigmoid(-2 + 6 * first) * cell + sigmoid(-1 + 5 * first) * std::tanh(-3 + 7 * first);
  CHECK(h(0, 0) == doctest::Approx(first).epsilon(1e-15));
  CHECK(h(1, 0) == doctest::Approx(sigmoid(-4 + 8 * first) * std::tanh(next)).epsilon(1e-15));
}

TEST_CASE("BLAS gives the same states to rounding") {
  const Tensor<double> input = naive::numbers<double>({7, 3}, 1);
  const auto check = [&](auto&& layer, std::size_t gates) {
    const RecurrentWeights<double> w{naive::numbers<double>({3, gates * 5}, 2), naive::numbers<double>({gates, 5, 5}, 3)};
    const Tensor<double> ours = layer(input, w, Products::by_size).states, theirs = layer(input, w, Products::blas).states;
    for (std::size_t i = 0; i < ours.size(); ++i) CHECK(std::abs(ours.data()[i] - theirs.data()[i]) < 1e-12);
  };
  check(rnn<double>, 1);
  check(gru<double>, 3);
  check(lstm<double>, 4);
}

TEST_CASE("weights of another number of gates are refused") {
  const RecurrentWeights<double> three = weights({1.0, 2.0, 3.0}, {1.0, 2.0, 3.0});
  CHECK_THROWS_WITH_AS(lstm(x, three), "lstm: x (2, 1), w (1, 3) and u (3, 1, 1) must be (L, E), (E, G·D) and (G, D, D) with G = 4",
                       ShapeError);
  CHECK_THROWS_AS(rnn(x, three), ShapeError);
  CHECK_THROWS_AS(gru(empty<double>({1, 2}), three), ShapeError);
}
