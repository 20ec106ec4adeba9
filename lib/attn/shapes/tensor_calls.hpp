// The calls that make tensors and move their axes, by the shapes they return.
#pragma once

#include <attn/shapes/value.hpp>

#include <string_view>
#include <vector>

namespace attn::shapes {

/// torch.randn(5, 3), np.zeros((5, 3)), torch.ones(size=(2, 4)) for such a name; unknown for any other, and
/// where a size is not known.
Value made_tensor(std::string_view dotted_name, const std::vector<CallArgument>& arguments);

/// x.transpose(0, 1), x.view(2, -1), x.size(0), … of a tensor; unknown for a method that is not followed, and
/// for one that PyTorch would refuse.
Value method_result(const Value& tensor, std::string_view method, const std::vector<CallArgument>& arguments);

/// A matrix or batch with two axes exchanged; a matrix remembers its shape until it is exchanged back.
Value transposed(Value tensor, std::size_t a, std::size_t b);

/// What nn.Linear and nn.Embedding return for this tensor.
Value mapped(const Value& map, const Value& tensor);

}  // namespace attn::shapes
