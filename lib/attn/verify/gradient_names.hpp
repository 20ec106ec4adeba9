// What autograd's names of gradients are called here: "linear1.weight.grad" is "ffn.d_w_1".
#pragma once

#include <attn/verify/align.hpp>

#include <string>
#include <vector>

namespace attn {

/// The names that a gradient with this name may have here, the likeliest first; empty for a name that does not end in
/// ".grad". "self.weights.grad" is that of "self.weights"; the parameters are those of torch.nn.Transformer's layers and
/// torch.nn.MultiheadAttention, whatever stands before them.
std::vector<std::string> our_gradient_names(const std::string& theirs);

/// The gradients with those of a packed map, "in_proj_weight.grad" [3·E, E] or "in_proj_bias.grad" [3·E], as three:
/// "q_proj_weight.grad" and so on, under whatever the packed one stands in; but for those that the map names.
std::vector<ForeignTensor> with_packed_maps_apart(std::vector<ForeignTensor> theirs, const NameMap& map);

}  // namespace attn
