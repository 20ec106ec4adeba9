// The sizes of one multi-head module, checked against what its layout can hold.
#pragma once

#include <attn/weights/layouts.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn {

/// Sizes of a multi-head module. Zero, or an empty bias, means "the layout's default".
struct MultiheadShape {
  std::size_t d_model = 0;      ///< E, required
  std::size_t heads = 0;        ///< H, required except for single-head maps
  std::size_t kv_heads = 0;     ///< Hk; default H
  std::size_t head_dim = 0;     ///< D; default E / H
  std::size_t value_dim = 0;    ///< Dv; default D
  std::size_t key_width = 0;    ///< Ek, width of the source of keys (kdim); default E
  std::size_t value_width = 0;  ///< Ev, width of the source of values (vdim); default E
  std::optional<bool> bias;     ///< whether the biases that the layout can have are there
  bool bias_kv = false;         ///< a learned key and value are appended (add_bias_kv)
};

/// The same shape with every default filled in.
/// Throws UsageError for sizes that contradict each other or that the layout cannot hold (says which
/// numbers of heads would do), LimitError for sizes whose matrices could not be addressed.
MultiheadShape resolved(const LayoutInfo& layout, const MultiheadShape& shape);

/// The letters H, Hk, E, Ek, Ev, D, Dv of a resolved shape.
Sizes sizes_of(const MultiheadShape& shape);

/// One tensor that a module of this shape has.
struct ExpectedTensor {
  const LayoutRow* row;
  Shape shape;
};

/// All tensors of a module of this resolved shape, in constructor order.
std::vector<ExpectedTensor> expected_tensors(const LayoutInfo& layout, const MultiheadShape& shape);

/// "1, 2, 5, 10": the numbers of heads that d_model can be split into.
std::string possible_heads(std::size_t d_model);

}  // namespace attn
