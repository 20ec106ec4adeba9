// Are these the tensors of this layout? By name only; a refusal says which layout the names belong to.
#pragma once

#include <attn/weights/multihead_shape.hpp>
#include <attn/weights/named_tensor.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn {

using Names = std::vector<std::string>;

template <class T>
Names names_of(const std::vector<NamedTensor<T>>& tensors) {
  Names names;
  for (const NamedTensor<T>& named : tensors) names.push_back(named.name);
  return names;
}

/// The layout, of all there are, that has every one of these names and whose indispensable tensors are
/// all among them; nullptr when there is none. Used to explain a refusal, never to choose a layout.
const LayoutInfo* layout_with_names(const Names& names);

/// Throws InputError(subject) if a tensor that every module of this layout has is not among the names.
void require_tensors(const LayoutInfo& layout, const Names& names, const std::string& subject);

/// Throws InputError(subject) unless the names are exactly those of a module of this resolved shape,
/// each once, in any order.
void require_exact_tensors(const LayoutInfo& layout, const MultiheadShape& shape, const Names& names,
                           const std::string& subject);

}  // namespace attn
