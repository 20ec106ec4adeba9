// The sizes of a module, read off its weights.
#pragma once

#include <attn/weights/multihead_shape.hpp>
#include <attn/weights/named_tensor.hpp>

#include <string>
#include <vector>

namespace attn {

/// A tensor of which only the header was read.
struct NamedShape {
  std::string name;
  Shape shape;
};

/// The resolved shape that these tensors have. `heads` is the number of query heads; weights do not
/// tell it, except those of shared-head (E / D) and single-head (one), where 0 means "derive it".
/// Throws UsageError if heads is missing or does not divide the tensors, InputError(subject) if the
/// tensors lack a name or their axes contradict the layout.
template <class T>
MultiheadShape infer_shape(const LayoutInfo& layout, const std::vector<NamedTensor<T>>& tensors,
                           std::size_t heads, const std::string& subject);

/// The same from names and shapes alone.
MultiheadShape infer_shape(const LayoutInfo& layout, const std::vector<NamedShape>& tensors, std::size_t heads,
                           const std::string& subject);

}  // namespace attn
