// What the names in somebody's program say, where the program itself does not.
#pragma once

#include <attn/shapes/api.hpp>

#include <string_view>

namespace attn::shapes {

/// "N", "batch_size", …: the number of samples.
bool names_the_batch(std::string_view name);

/// "d_k", "head_dim", …: the size of a head.
bool names_the_head_size(std::string_view name);

/// Which of query, key and value a name speaks of; Role::other for a name such as x that does not say.
Role spoken_role(std::string_view name);

/// Whether a call of that name returns a tensor of its argument's shape: "dropout", "self.norm1", "F.relu".
bool keeps_the_shape(std::string_view dotted_name);

/// Whether that method of nn.Module returns the module itself: mha.eval(), mha.to(device).
bool returns_the_module(std::string_view method);

/// "randn" of "torch.randn".
std::string_view last_part(std::string_view dotted_name);

}  // namespace attn::shapes
