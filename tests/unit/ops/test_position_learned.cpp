// Expected values: nn.Embedding(2, 3).weight of torch 1.13.1 after torch.manual_seed(0); a loss by hand;
// gradients by central differences.
#include <attn/ops/position_learned.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

TEST_CASE("a fresh table is a fresh nn.Embedding") {
  TorchGenerator generator(0);
  const Tensor<float> table = learned_table(generator, 2, 3);
  const float torch[] = {1.5409960746765137f, -0.293428897857666f, -2.1787893772125244f, 0.5684312582015991f, -1.0845223665237427f, -1.3985954523086548f};
  for (std::size_t i = 0; i < 6; ++i) CHECK(table.data()[i] == torch[i]);
}

TEST_CASE("with a map of zeros every weight is 1/L and the loss is log L") {
  const PreviousTokenLoss loss = previous_token_loss(filled<double>({4, 2}, 1), filled<double>({2, 2}, 0));
  CHECK(loss.loss == doctest::Approx(std::log(4.0)));
}

TEST_CASE("the gradients are those of central differences") {
  TorchGenerator generator(3);
  Tensor<double> table = empty<double>({5, 4}), map = empty<double>({4, 4});
  const Tensor<float> drawn = randn(generator, {36});
  for (std::size_t i = 0; i < 20; ++i) table.data()[i] = drawn.data()[i];
  for (std::size_t i = 0; i < 16; ++i) map.data()[i] = drawn.data()[20 + i];
  const PreviousTokenLoss here = previous_token_loss(table, map);
  const double step = 1e-6;
  const auto difference = [&](double& parameter) {
    const double kept = parameter;
    parameter = kept + step;
    const double above = previous_token_loss(table, map).loss;
    parameter = kept - step;
    const double below = previous_token_loss(table, map).loss;
    parameter = kept;
    return (above - below) / (2 * step);
  };
  for (std::size_t i = 0; i < 20; ++i) CHECK(here.table_gradient.data()[i] == doctest::Approx(difference(table.data()[i])).epsilon(1e-6));
  for (std::size_t i = 0; i < 16; ++i) CHECK(here.map_gradient.data()[i] == doctest::Approx(difference(map.data()[i])).epsilon(1e-6));
}

TEST_CASE("training lowers the loss, and leaves a fixed table as it is") {
  TorchGenerator generator(0);
  Tensor<double> table = empty<double>({6, 4}), map = filled<double>({4, 4}, 0.1);
  const Tensor<float> drawn = randn(generator, {24});
  for (std::size_t i = 0; i < 24; ++i) table.data()[i] = drawn.data()[i];
  std::size_t calls = 0;
  const Fit learned = fit_previous_token(table, map, TrainTable::yes, 50, 0.5, [&calls](std::size_t) { ++calls; });
  CHECK(calls == 50);
  CHECK(learned.losses.size() == 51);
  CHECK(learned.losses.back() < 0.5 * learned.losses.front());
  CHECK(fit_previous_token(table, map, TrainTable::no, 5, 0.5).table == table);
}

TEST_CASE("one position, or a map of another width, is refused") {
  CHECK_THROWS_AS(previous_token_loss(filled<double>({1, 2}, 1), filled<double>({2, 2}, 0)), ShapeError);
  CHECK_THROWS_AS(previous_token_loss(filled<double>({3, 2}, 1), filled<double>({3, 3}, 0)), ShapeError);
}
