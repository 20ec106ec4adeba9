// From a foreign layout to the canonical weights, and back.
#pragma once

#include <attn/weights/mha_weights.hpp>
#include <attn/weights/multihead_shape.hpp>
#include <attn/weights/named_tensor.hpp>

#include <string>
#include <vector>

namespace attn {

/// The canonical form of a module's tensors. `shape` need not be resolved.
/// Throws InputError(subject) for a tensor that is missing, unexpected or wrongly shaped: names it, the
/// shape found and the shape expected, and the layout whose names these are, if it is another one.
template <class T>
MultiheadWeights<T> to_canonical(const LayoutInfo& layout, const MultiheadShape& shape,
                                 const std::vector<NamedTensor<T>>& tensors, const std::string& subject);

/// The tensors of a layout that hold these weights, in constructor order: the inverse of to_canonical.
/// Throws InputError(subject) if the layout has no place for a parameter, needs one that is absent, or
/// needs equal blocks (shared-head) where the weights differ from head to head.
template <class T>
std::vector<NamedTensor<T>> from_canonical(const LayoutInfo& layout, const MultiheadShape& shape,
                                           const MultiheadWeights<T>& weights, const std::string& subject);

}  // namespace attn
