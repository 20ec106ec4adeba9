#include <attn/error.hpp>
#include <attn/grad/heads.hpp>
#include <attn/ops/stages.hpp>

#include <algorithm>
#include <string>

namespace attn {

Tensor<double> key_rows(const Tensor<double>& d, std::size_t first, std::size_t count) {
  if (d.dimension() != 4 || first + count > d.shape(2)) {
    throw ShapeError("backward of a concatenation",
                     "no rows " + std::to_string(first) + " to " + std::to_string(first + count) + " in " + to_string(shape_of(d)));
  }
  const std::size_t heads = d.shape(0) * d.shape(1), length = d.shape(2), width = d.shape(3);
  Tensor<double> rows = empty<double>({d.shape(0), d.shape(1), count, width});
  for (std::size_t h = 0; h < heads; ++h) {
    std::copy_n(d.data() + (h * length + first) * width, count * width, rows.data() + h * count * width);
  }
  return rows;
}

Tensor<double> appended_row_backward(const Tensor<double>& d) {
  const std::size_t width = d.shape(1) * d.shape(3);
  Tensor<double> sum = filled<double>({width}, 0);
  for (std::size_t i = 0; i < d.size(); ++i) sum.data()[i % width] += d.data()[i];
  return sum;
}

Tensor<double> rotated_backward(const Tensor<double>& d, const RotaryPositions<double>& rotary, std::size_t past) {
  // A rotation is undone by the opposite one; tables would hold the sines of this one.
  RotaryPositions<double> back{rotary.options, nullptr};
  back.options.clockwise = !back.options.clockwise;
  return rotated(d, back, past);
}

}  // namespace attn
