#include <attn/shapes/fitted.hpp>

namespace attn::shapes {
namespace {

/// The same tensor with another last axis.
Shape with_width(Shape shape, std::size_t width) {
  shape.back() = width;
  return shape;
}

/// A source of keys beside this query: as long as a mask says, else as the query.
Shape source_beside(const CheckedCall& checked) {
  Shape source = checked.call.query;
  const auto& mask = checked.call.key_padding_mask ? checked.call.key_padding_mask : checked.call.attn_mask;
  const std::size_t sequence = source.size() > 2 && batch_comes_first(checked.config) ? 1 : 0;
  if (mask && !mask->empty()) source[sequence] = mask->back();
  return source;
}

}  // namespace

CheckedCall fitted(CheckedCall checked) {
  const auto is_open = [&checked](Role role) { return checked.open.count(role) != 0; };
  ModuleConfig& config = checked.config;
  ModuleCall& call = checked.call;
  const bool free_heads = config.impl == Impl::d2l || config.impl == Impl::linear;
  if (free_heads && is_open(Role::key_dim)) config.head_dim = 1;
  if (call.query.size() < 2) return checked;
  if (is_open(Role::key_width) && !is_open(Role::key)) config.key_width = with_defaults(call).key.back();
  if (is_open(Role::value_width) && !is_open(Role::value)) config.value_width = with_defaults(call).value.back();
  if (is_open(Role::key)) {
    const bool beside_value = !is_open(Role::value) && !call.value.empty();
    call.key = with_width(beside_value ? call.value : source_beside(checked), with_defaults(config).key_width);
  }
  const Shape keys = with_defaults(call).key;
  const Shape values = with_width(keys, with_defaults(config).value_width);
  if (is_open(Role::value) && values != keys) call.value = values;
  return checked;
}

}  // namespace attn::shapes
