#include <attn/ops/position_learned.hpp>

#include <attn/error.hpp>

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

// a·b, with either factor transposed where its flag says so.
enum class As { is, transposed };

Tensor<double> product(const Tensor<double>& a, As a_as, const Tensor<double>& b, As b_as) {
  const std::size_t rows = a.shape(a_as == As::is ? 0 : 1), inner = a.shape(a_as == As::is ? 1 : 0);
  const std::size_t columns = b.shape(b_as == As::is ? 1 : 0);
  Tensor<double> result = filled<double>({rows, columns}, 0);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < inner; ++k) {
      const double left = a_as == As::is ? a(i, k) : a(k, i);
      for (std::size_t j = 0; j < columns; ++j) result(i, j) += left * (b_as == As::is ? b(k, j) : b(j, k));
    }
  }
  return result;
}

// Turns scores into weights in place, row by row.
void softmax_rows(Tensor<double>& scores) {
  const std::size_t columns = scores.shape(1);
  for (std::size_t i = 0; i < scores.shape(0); ++i) {
    double most = scores(i, 0), sum = 0;
    for (std::size_t j = 1; j < columns; ++j) most = std::max(most, scores(i, j));
    for (std::size_t j = 0; j < columns; ++j) sum += scores(i, j) = std::exp(scores(i, j) - most);
    for (std::size_t j = 0; j < columns; ++j) scores(i, j) /= sum;
  }
}

void descend(Tensor<double>& parameter, const Tensor<double>& gradient, double rate) {
  for (std::size_t i = 0; i < parameter.size(); ++i) parameter.data()[i] -= rate * gradient.data()[i];
}

void add(Tensor<double>& sum, const Tensor<double>& term) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += term.data()[i];
}

}  // namespace

Tensor<float> learned_table(TorchGenerator& generator, std::size_t len, std::size_t width) {
  return randn(generator, {len, width});
}

PreviousTokenLoss previous_token_loss(const Tensor<double>& table, const Tensor<double>& map) {
  const Shape shape = shape_of(table);
  if (shape.size() != 2 || shape[0] < 2 || shape_of(map) != Shape{shape[1], shape[1]}) {
    throw ShapeError("previous token", "expected a table (L, d) with L of at least 2 and a map (d, d), found " + to_string(shape) +
                                           " and " + to_string(shape_of(map)));
  }
  const std::size_t len = shape[0];
  const double scale = 1 / std::sqrt(static_cast<double>(shape[1]));
  const Tensor<double> mapped = product(table, As::is, map, As::is);  // P·M
  Tensor<double> weights = product(mapped, As::is, table, As::transposed);
  for (double& score : weights.storage()) score *= scale;
  softmax_rows(weights);

  PreviousTokenLoss result;
  Tensor<double> score_gradient = filled<double>({len, len}, 0);  // of S before the scale: (A - target)·scale/(L - 1)
  for (std::size_t i = 1; i < len; ++i) {
    result.loss -= std::log(weights(i, i - 1)) / static_cast<double>(len - 1);
    std::size_t best = 0;
    for (std::size_t j = 0; j < len; ++j) {
      if (weights(i, j) > weights(i, best)) best = j;
      score_gradient(i, j) = (weights(i, j) - (j + 1 == i ? 1 : 0)) * scale / static_cast<double>(len - 1);
    }
    if (best + 1 == i) result.accuracy += 1 / static_cast<double>(len - 1);
  }
  const Tensor<double> from_keys = product(score_gradient, As::is, table, As::is);             // G·P
  result.map_gradient = product(table, As::transposed, from_keys, As::is);                     // Pᵀ·G·P
  result.table_gradient = product(from_keys, As::is, map, As::transposed);                     // G·P·Mᵀ
  add(result.table_gradient, product(score_gradient, As::transposed, mapped, As::is));         // + Gᵀ·P·M
  return result;
}

Fit fit_previous_token(Tensor<double> table, Tensor<double> map, TrainTable train_table, std::size_t steps, double rate,
                       const std::function<void(std::size_t)>& progress) {
  Fit fit;
  for (std::size_t step = 0; step < steps; ++step) {
    if (progress) progress(step);
    const PreviousTokenLoss now = previous_token_loss(table, map);
    fit.losses.push_back(now.loss);
    descend(map, now.map_gradient, rate);
    if (train_table == TrainTable::yes) descend(table, now.table_gradient, rate);
  }
  const PreviousTokenLoss last = previous_token_loss(table, map);
  fit.losses.push_back(last.loss);
  fit.accuracy = last.accuracy;
  fit.table = std::move(table);
  fit.map = std::move(map);
  return fit;
}

}  // namespace attn
