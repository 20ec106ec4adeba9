#include <attn/weights/multihead_shape.hpp>

#include <attn/error.hpp>

namespace attn {
namespace {

// Every product of two such sizes, three times over and in bytes, still fits 64 bits.
constexpr std::size_t largest_width = std::size_t{1} << 28;

std::string text(std::size_t number) { return std::to_string(number); }

void require_addressable(const std::string& subject, const char* what, std::size_t size) {
  if (size > largest_width) {
    throw LimitError(subject, std::string(what) + " is " + text(size) + ", the largest possible is " +
                                  text(largest_width));
  }
}

void resolve_heads(const LayoutInfo& layout, const std::string& subject, MultiheadShape& shape) {
  if (layout.one_head && shape.heads == 0) shape.heads = 1;
  if (layout.one_head && shape.heads != 1) {
    throw UsageError(subject, "has one head, not " + text(shape.heads));
  }
  if (shape.heads == 0) throw UsageError(subject, "the number of heads is missing or zero");
  if (shape.kv_heads == 0) shape.kv_heads = shape.heads;
  if (shape.kv_heads != shape.heads && !layout.grouped_heads) {
    throw UsageError(subject, "has as many key/value heads as query heads, so kv_heads must be " +
                                  text(shape.heads) + ", not " + text(shape.kv_heads) +
                                  " (layouts d2l and linear allow fewer)");
  }
  if (shape.heads % shape.kv_heads != 0) {
    throw UsageError(subject, text(shape.heads) + " query heads cannot be shared out over " +
                                  text(shape.kv_heads) + " key/value heads: not divisible");
  }
}

void resolve_head_sizes(const LayoutInfo& layout, const std::string& subject, MultiheadShape& shape) {
  const bool free_size = layout.free_head_size && shape.head_dim != 0;
  if (!free_size && shape.d_model % shape.heads != 0) {
    throw UsageError(subject, "d_model " + text(shape.d_model) + " is not divisible by " + text(shape.heads) +
                                  " heads; possible numbers of heads are " + possible_heads(shape.d_model));
  }
  if (shape.head_dim == 0) shape.head_dim = shape.d_model / shape.heads;
  if (!free_size && shape.head_dim * shape.heads != shape.d_model) {
    throw UsageError(subject, "heads · head_dim must be d_model, but " + text(shape.heads) + " · " +
                                  text(shape.head_dim) + " = " + text(shape.heads * shape.head_dim) +
                                  ", not " + text(shape.d_model));
  }
  if (shape.value_dim == 0) shape.value_dim = shape.head_dim;
  if (shape.value_dim != shape.head_dim && !layout.free_head_size) {
    throw UsageError(subject, "values have the head size of keys, so value_dim must be " +
                                  text(shape.head_dim) + ", not " + text(shape.value_dim));
  }
}

void resolve_widths(const LayoutInfo& layout, const std::string& subject, MultiheadShape& shape) {
  if (shape.key_width == 0) shape.key_width = shape.d_model;
  if (shape.value_width == 0) shape.value_width = shape.d_model;
  const bool equal = shape.key_width == shape.d_model && shape.value_width == shape.d_model;
  if (!equal && !layout.separate_sources) {
    throw UsageError(subject, "keys and values must be as wide as the queries, " + text(shape.d_model) +
                                  ", not " + text(shape.key_width) + " and " + text(shape.value_width));
  }
}

bool is_present(Presence presence, const MultiheadShape& shape) {
  const bool equal = shape.key_width == shape.d_model && shape.value_width == shape.d_model;
  switch (presence) {
    case Presence::always:
      return true;
    case Presence::with_bias:
      return shape.bias.value();
    case Presence::with_bias_kv:
      return shape.bias_kv;
    case Presence::equal_widths:
      return equal;
    case Presence::different_widths:
      return !equal;
  }
  return false;
}

}  // namespace

std::string possible_heads(std::size_t d_model) {
  std::string list;
  for (std::size_t heads = 1; heads <= d_model; ++heads) {
    if (d_model % heads == 0) list += (list.empty() ? "" : ", ") + text(heads);
  }
  return list;
}

MultiheadShape resolved(const LayoutInfo& layout, const MultiheadShape& shape) {
  const std::string subject = "layout " + std::string(layout.name);
  MultiheadShape full = shape;
  if (full.d_model == 0) throw UsageError(subject, "d_model is missing or zero");
  require_addressable(subject, "d_model", full.d_model);
  require_addressable(subject, "the number of heads", full.heads);
  require_addressable(subject, "head_dim", full.head_dim);
  require_addressable(subject, "value_dim", full.value_dim);
  require_addressable(subject, "key_width", full.key_width);
  require_addressable(subject, "value_width", full.value_width);
  resolve_heads(layout, subject, full);
  resolve_head_sizes(layout, subject, full);
  resolve_widths(layout, subject, full);
  require_addressable(subject, "heads · head_dim", full.heads * full.head_dim);
  require_addressable(subject, "heads · value_dim", full.heads * full.value_dim);
  if (!full.bias) full.bias = layout.bias_by_default;
  if (full.bias_kv && !has_rows(layout, Presence::with_bias_kv)) {
    throw UsageError(subject, "has no place for a learned key and value (bias_k, bias_v); layout torch has");
  }
  return full;
}

Sizes sizes_of(const MultiheadShape& shape) {
  Sizes sizes;
  sizes.heads = shape.heads;
  sizes.kv_heads = shape.kv_heads;
  sizes.d_model = shape.d_model;
  sizes.key_width = shape.key_width;
  sizes.value_width = shape.value_width;
  sizes.head_dim = shape.head_dim;
  sizes.value_dim = shape.value_dim;
  return sizes;
}

std::vector<ExpectedTensor> expected_tensors(const LayoutInfo& layout, const MultiheadShape& shape) {
  const Sizes sizes = sizes_of(shape);
  std::vector<ExpectedTensor> expected;
  for (const LayoutRow& row : layout.rows) {
    if (is_present(row.presence, shape)) expected.push_back({&row, shape_of_axes(row.axes, sizes)});
  }
  return expected;
}

}  // namespace attn
