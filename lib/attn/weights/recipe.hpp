// The Python lines that make the same module in PyTorch.
#pragma once

#include <attn/weights/multihead_shape.hpp>

#include <string>

namespace attn {

/// Python source that defines, where PyTorch has no such class, and constructs the module, as `module`.
/// The lines assume `import math, torch` and `from torch import nn`; seeding, inputs and the forward call
/// are the caller's. The constructor draws the numbers that `initialise` draws. `shape` need not be
/// resolved. Every line ends in a newline.
///
/// How the module is called: nn.MultiheadAttention is made with batch_first=True and called as usual; the
/// classes defined here take forward(query, key, value, mask=None) and return (output, weights), where
/// mask is boolean, true where a query may attend, and broadcasts to [B, H, Lq, Lk].
std::string pytorch_module_lines(const LayoutInfo& layout, const MultiheadShape& shape);

}  // namespace attn
