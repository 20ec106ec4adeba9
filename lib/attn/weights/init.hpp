// Fresh weights: what PyTorch's constructors draw.
#pragma once

#include <attn/random.hpp>
#include <attn/weights/multihead_shape.hpp>
#include <attn/weights/named_tensor.hpp>

#include <vector>

namespace attn {

/// The state_dict of a new module of this layout, drawn in the order of its constructor; bit-equal to
/// PyTorch where only uniform numbers are drawn. `shape` need not be resolved.
std::vector<NamedTensor<float>> initialise(const LayoutInfo& layout, const MultiheadShape& shape,
                                           TorchGenerator& generator);

/// One tensor of a module, as its row says.
Tensor<float> draw(const ExpectedTensor& expected, const Sizes& sizes, TorchGenerator& generator);

/// nn.Linear(inputs, outputs): the weight [outputs, inputs], within ±1/√inputs.
Tensor<float> linear_weight(TorchGenerator& generator, std::size_t outputs, std::size_t inputs);

/// nn.Linear(inputs, outputs): the bias [outputs], within ±1/√inputs. Draw it after the weight.
Tensor<float> linear_bias(TorchGenerator& generator, std::size_t outputs, std::size_t inputs);

/// nn.Embedding(rows, width): standard normal [rows, width].
Tensor<float> embedding_weight(TorchGenerator& generator, std::size_t rows, std::size_t width);

/// nn.init.xavier_uniform_ of a tensor of rank ≥ 2: fan_in is the second size, fan_out the first, both
/// times the product of the others. Throws std::invalid_argument for a smaller rank.
Tensor<float> xavier_uniform(TorchGenerator& generator, const Shape& shape);

/// nn.init.xavier_normal_, with the same fans.
Tensor<float> xavier_normal(TorchGenerator& generator, const Shape& shape);

}  // namespace attn
