#include <attn/weights/infer.hpp>

#include <attn/error.hpp>
#include <attn/weights/names.hpp>

#include <algorithm>
#include <string_view>

namespace attn {
namespace {

std::string text(std::size_t number) { return std::to_string(number); }

std::vector<std::string_view> factors_of(std::string_view axis) {
  std::vector<std::string_view> factors;
  for (std::size_t star = axis.find('*'); star != std::string_view::npos; star = axis.find('*')) {
    factors.push_back(axis.substr(0, star));
    axis.remove_prefix(star + 1);
  }
  factors.push_back(axis);
  return factors;
}

std::size_t Sizes::*letter_member(std::string_view name) {
  for (const Letter& letter : letters()) {
    if (letter.name == name) return letter.size;
  }
  return nullptr;  // the factor is a number
}

/// If all letters of `axis` but one are known, the size of the axis tells that one. True if it did.
bool solve_axis(std::string_view axis, std::size_t size, Sizes& sizes, const std::string& where) {
  std::size_t Sizes::*unknown = nullptr;
  std::size_t known = 1;
  for (const std::string_view factor : factors_of(axis)) {
    std::size_t Sizes::*const member = letter_member(factor);
    if (member == nullptr || sizes.*member != 0) {
      known *= axis_size(factor, sizes);
    } else if (unknown == nullptr) {
      unknown = member;
    } else {
      return false;
    }
  }
  if (unknown == nullptr) return false;
  if (size != 0 && size % known == 0) {
    sizes.*unknown = size / known;
    return true;
  }
  const std::string problem = "axis " + std::string(axis) + " has size " + text(size);
  if (size != 0 && known == sizes.heads && factors_of(axis).front() == "H") {
    throw UsageError(where, problem + ", which " + text(known) +
                                " heads do not divide; possible numbers of heads are " +
                                possible_heads(size));
  }
  throw InputError(where, problem + ", expected a positive multiple of " + text(known));
}

bool solve_row(const LayoutRow& row, const Shape& shape, Sizes& sizes, const std::string& subject) {
  const std::vector<std::string> axes = split_axes(row.axes);
  const std::string where = subject + ": tensor " + std::string(row.name);
  if (shape.size() != axes.size()) {
    throw InputError(where, "expected the axes (" + std::string(row.axes) + "), found shape " +
                                to_string(shape));
  }
  bool solved = false;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    solved |= solve_axis(axes[i], shape[i], sizes, where);
  }
  return solved;
}

const NamedShape* find_tensor(const std::vector<NamedShape>& tensors, std::string_view name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [name](const NamedShape& named) { return named.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

bool any_present(const LayoutInfo& layout, Presence presence, const std::vector<NamedShape>& tensors) {
  return std::any_of(layout.rows.begin(), layout.rows.end(), [&](const LayoutRow& row) {
    return row.presence == presence && find_tensor(tensors, row.name) != nullptr;
  });
}

}  // namespace

MultiheadShape infer_shape(const LayoutInfo& layout, const std::vector<NamedShape>& tensors, std::size_t heads,
                           const std::string& subject) {
  Names names;
  for (const NamedShape& named : tensors) names.push_back(named.name);
  require_tensors(layout, names, subject);
  MultiheadShape shape;
  shape.bias = any_present(layout, Presence::with_bias, tensors);
  shape.bias_kv = any_present(layout, Presence::with_bias_kv, tensors);
  Sizes sizes;
  sizes.heads = layout.one_head && heads == 0 ? 1 : heads;
  if (!layout.grouped_heads) sizes.kv_heads = sizes.heads;
  for (bool progress = true; progress;) {
    progress = false;
    for (const LayoutRow& row : layout.rows) {
      const NamedShape* const named = find_tensor(tensors, row.name);
      if (named != nullptr) progress |= solve_row(row, named->shape, sizes, subject);
    }
  }
  if (sizes.heads == 0) {
    throw UsageError(subject, "the number of heads cannot be read from the weights of layout " +
                                  std::string(layout.name) + "; it has to be given");
  }
  shape.d_model = sizes.d_model;
  shape.heads = sizes.heads;
  shape.kv_heads = sizes.kv_heads;
  shape.head_dim = sizes.head_dim;
  shape.value_dim = sizes.value_dim;
  shape.key_width = sizes.key_width;
  shape.value_width = sizes.value_width;
  return resolved(layout, shape);
}

template <class T>
MultiheadShape infer_shape(const LayoutInfo& layout, const std::vector<NamedTensor<T>>& tensors,
                           std::size_t heads, const std::string& subject) {
  std::vector<NamedShape> shapes;
  for (const NamedTensor<T>& named : tensors) shapes.push_back({named.name, shape_of(named.tensor)});
  return infer_shape(layout, shapes, heads, subject);
}

template MultiheadShape infer_shape(const LayoutInfo&, const std::vector<NamedTensor<float>>&, std::size_t,
                                    const std::string&);
template MultiheadShape infer_shape(const LayoutInfo&, const std::vector<NamedTensor<double>>&, std::size_t,
                                    const std::string&);

}  // namespace attn
