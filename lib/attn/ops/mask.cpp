#include <attn/error.hpp>
#include <attn/ops/mask.hpp>

#include <algorithm>
#include <limits>

namespace attn {
namespace {

std::size_t maskable_keys(std::size_t key_len, std::size_t exempt) { return key_len - exempt; }

// Where the row of a mask of rank 1 to 4 begins that query i of head h in sample b reads: axes are aligned at the
// right, and an axis of size 1 is repeated.
template <class T>
const T* broadcast_row(const Tensor<T>& mask, std::size_t b, std::size_t h, std::size_t i) {
  const std::size_t index[3] = {b, h, i};
  const std::size_t rank = mask.dimension();
  std::size_t flat = 0;
  for (std::size_t axis = 0; axis + 1 < rank; ++axis) {
    const std::size_t size = mask.shape(axis);
    flat = flat * size + (size == 1 ? 0 : index[4 - rank + axis]);
  }
  return mask.data() + flat * mask.shape(rank - 1);
}

}  // namespace

template <class T>
std::ptrdiff_t causal_offset(const MaskRules<T>& rules, const Sizes& sizes, std::size_t b) {
  if (rules.align == CausalAlign::top_left) return static_cast<std::ptrdiff_t>(sizes.past_len + sizes.queries_before);
  const std::size_t last =
      rules.valid_lens.empty() ? maskable_keys(sizes.key_len, rules.exempt_keys) : rules.valid_lens[b];
  return static_cast<std::ptrdiff_t>(last) - static_cast<std::ptrdiff_t>(sizes.query_len + sizes.queries_after);
}

template <class T>
void check_mask(const MaskRules<T>& rules, const Sizes& sizes) {
  if (rules.exempt_keys > sizes.key_len) {
    throw ShapeError("mask", std::to_string(rules.exempt_keys) + " keys are exempt, but there are only " +
                                 std::to_string(sizes.key_len));
  }
  const std::size_t keys = maskable_keys(sizes.key_len, rules.exempt_keys);
  if (!rules.valid_lens.empty() && rules.valid_lens.size() != sizes.batch) {
    throw ShapeError("valid lengths", "found " + std::to_string(rules.valid_lens.size()) +
                                          ", expected one for each of " + std::to_string(sizes.batch) +
                                          " samples");
  }
  for (const std::size_t length : rules.valid_lens) {
    if (length > keys) {
      throw ShapeError("valid lengths", "found " + std::to_string(length) + ", but there are only " +
                                            std::to_string(keys) + " keys");
    }
  }
  if (!rules.given) return;
  const Shape mask = shape_of(*rules.given);
  const Shape target = {sizes.batch, sizes.heads, sizes.query_len, keys};
  bool fits = !mask.empty() && mask.size() <= 4;
  for (std::size_t axis = 0; fits && axis < mask.size(); ++axis) {
    const std::size_t wanted = target[4 - mask.size() + axis];
    fits = mask[axis] == wanted || mask[axis] == 1;
  }
  if (!fits) {
    throw ShapeError("mask", "shape " + to_string(mask) + " does not broadcast to (B, H, Lq, Lk) = " +
                                 to_string(target));
  }
}

template <class T>
QueryRules<T>::QueryRules(const MaskRules<T>& rules, const Sizes& sizes, std::size_t b, std::size_t h, std::size_t i)
    : keys_(maskable_keys(sizes.key_len, rules.exempt_keys)), key_len_(sizes.key_len) {
  constexpr std::ptrdiff_t lowest = std::numeric_limits<std::ptrdiff_t>::min(), highest = std::numeric_limits<std::ptrdiff_t>::max();
  const auto position = static_cast<std::ptrdiff_t>(i) + causal_offset(rules, sizes, b);
  padding_ = rules.valid_lens.empty() ? keys_ : rules.valid_lens[b];
  future_ = rules.causal ? position : highest;
  first_ = rules.window.left ? position - static_cast<std::ptrdiff_t>(*rules.window.left) : lowest;
  last_ = rules.window.right ? position + static_cast<std::ptrdiff_t>(*rules.window.right) : highest;
  if (!rules.given) return;
  given_ = broadcast_row(*rules.given, b, h, i);
  given_stride_ = rules.given->shape(rules.given->dimension() - 1) == 1 ? 0 : 1;
}

template <class T>
MaskVerdict<T> QueryRules<T>::verdict(std::size_t key) const {
  MaskVerdict<T> verdict;
  if (key >= keys_) return verdict;
  const auto place = static_cast<std::ptrdiff_t>(key);
  verdict.causal = place > future_;
  verdict.padding = key >= padding_;
  verdict.window = place < first_ || place > last_;
  if (given_) verdict.added = given_[key * given_stride_];
  verdict.given = verdict.added == -std::numeric_limits<T>::infinity();
  return verdict;
}

template <class T>
void QueryRules<T>::write_row(T* row) const {
  const auto clamped = [this](std::ptrdiff_t key) { return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(key, 0, static_cast<std::ptrdiff_t>(keys_))); };
  const auto after = [&](std::ptrdiff_t key) { return clamped(key) + (key >= 0 && clamped(key) < keys_ ? 1 : 0); };
  const std::size_t end = std::min({padding_, after(future_), after(last_)});
  const std::size_t begin = std::min(clamped(first_), end);
  std::fill(row, row + begin, -std::numeric_limits<T>::infinity());
  std::fill(row + begin, row + end, T{0});
  for (std::size_t key = begin; given_ && key < end; ++key) row[key] = given_[key * given_stride_];
  std::fill(row + end, row + keys_, -std::numeric_limits<T>::infinity());
  std::fill(row + keys_, row + key_len_, T{0});
}

template <class T>
MaskVerdict<T> mask_verdict(const MaskRules<T>& rules, const Sizes& sizes, std::size_t b, std::size_t h,
                            std::size_t i, std::size_t j) {
  return QueryRules<T>(rules, sizes, b, h, i).verdict(j);
}

template <class T>
Tensor<T> combined_mask(const MaskRules<T>& rules, const Sizes& sizes) {
  check_mask(rules, sizes);
  Tensor<T> mask = empty<T>({sizes.batch, sizes.heads, sizes.query_len, sizes.key_len});
  T* row = mask.data();
  for (std::size_t b = 0; b < sizes.batch; ++b) {
    for (std::size_t h = 0; h < sizes.heads; ++h) {
      for (std::size_t i = 0; i < sizes.query_len; ++i, row += sizes.key_len) QueryRules<T>(rules, sizes, b, h, i).write_row(row);
    }
  }
  return mask;
}

template class QueryRules<float>;
template class QueryRules<double>;
template std::ptrdiff_t causal_offset(const MaskRules<float>&, const Sizes&, std::size_t);
template std::ptrdiff_t causal_offset(const MaskRules<double>&, const Sizes&, std::size_t);
template void check_mask(const MaskRules<float>&, const Sizes&);
template void check_mask(const MaskRules<double>&, const Sizes&);
template MaskVerdict<float> mask_verdict(const MaskRules<float>&, const Sizes&, std::size_t, std::size_t,
                                         std::size_t, std::size_t);
template MaskVerdict<double> mask_verdict(const MaskRules<double>&, const Sizes&, std::size_t, std::size_t,
                                          std::size_t, std::size_t);
template Tensor<float> combined_mask(const MaskRules<float>&, const Sizes&);
template Tensor<double> combined_mask(const MaskRules<double>&, const Sizes&);

}  // namespace attn
