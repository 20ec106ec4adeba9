#include <attn/verify/excess.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {
namespace {

double excess_of_cell(double ours, double theirs, const Tolerance& tolerance) {
  const double difference = std::abs(ours - theirs);
  if (ours == theirs || (std::isnan(ours) && std::isnan(theirs))) return 0;
  if (!std::isfinite(difference)) return std::numeric_limits<double>::infinity();
  return difference > tolerance.atol + tolerance.rtol * std::abs(ours) ? difference : 0;
}

std::size_t divided_up(std::size_t cells, std::size_t parts) { return (cells + parts - 1) / parts; }

}  // namespace

Tensor<double> excess(const Tensor<double>& ours, const Tensor<double>& theirs, const Tolerance& tolerance) {
  Tensor<double> result = filled<double>(shape_of(ours), 0.0);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result.data()[i] = excess_of_cell(ours.data()[i], theirs.data()[i], tolerance);
  }
  return result;
}

BlockExcess block_excess(const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance,
                         std::size_t most_rows, std::size_t most_columns) {
  Shape shape = shape_of(ours);
  const std::size_t columns = shape.back(), rows = shape.size() > 1 ? shape[shape.size() - 2] : 1;
  BlockExcess blocks;
  blocks.rows = std::max<std::size_t>(divided_up(rows, most_rows), 1);
  blocks.columns = std::max<std::size_t>(divided_up(columns, most_columns), 1);
  const std::size_t down = divided_up(rows, blocks.rows), across = divided_up(columns, blocks.columns);
  shape.back() = across;
  if (shape.size() > 1) shape[shape.size() - 2] = down;
  blocks.worst = filled<double>(shape, 0.0);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const std::size_t matrix = i / (rows * columns), row = i / columns % rows, column = i % columns;
    double& worst = blocks.worst.data()[(matrix * down + row / blocks.rows) * across + column / blocks.columns];
    worst = std::max(worst, excess_of_cell(ours.data()[i], theirs[i], tolerance));
  }
  return blocks;
}

}  // namespace attn
