#include <attn/error.hpp>
#include <attn/ops/mask.hpp>

#include <limits>

namespace attn {
namespace {

// The element of a mask of rank 1 to 4 that a cell [b, h, i, j] reads: axes are aligned at the right,
// and an axis of size 1 is repeated.
template <class T>
T broadcast_element(const Tensor<T>& mask, std::size_t b, std::size_t h, std::size_t i, std::size_t j) {
  const std::size_t index[4] = {b, h, i, j};
  const std::size_t rank = mask.dimension();
  std::size_t flat = 0;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::size_t size = mask.shape(axis);
    flat = flat * size + (size == 1 ? 0 : index[4 - rank + axis]);
  }
  return mask.data()[flat];
}

std::size_t maskable_keys(std::size_t key_len, std::size_t exempt) { return key_len - exempt; }

// The rules as one query meets them: where, among the keys, each begins to forbid.
struct QueryRules {
  std::size_t keys;         // from here on no rule applies
  std::size_t padding;      // from here on keys are padding
  std::ptrdiff_t future;    // keys after this one lie in the future
  std::ptrdiff_t first, last;  // of the window

  template <class T>
  QueryRules(const MaskRules<T>& rules, const Sizes& sizes, std::size_t b, std::size_t i) {
    constexpr std::ptrdiff_t lowest = std::numeric_limits<std::ptrdiff_t>::min(), highest = std::numeric_limits<std::ptrdiff_t>::max();
    const auto position = static_cast<std::ptrdiff_t>(i) + causal_offset(rules, sizes, b);
    keys = maskable_keys(sizes.key_len, rules.exempt_keys);
    padding = rules.valid_lens.empty() ? keys : rules.valid_lens[b];
    future = rules.causal ? position : highest;
    first = rules.window.left ? position - static_cast<std::ptrdiff_t>(*rules.window.left) : lowest;
    last = rules.window.right ? position + static_cast<std::ptrdiff_t>(*rules.window.right) : highest;
  }

  // Without the given mask.
  template <class T>
  MaskVerdict<T> verdict(std::size_t j) const {
    MaskVerdict<T> verdict;
    if (j >= keys) return verdict;
    const auto key = static_cast<std::ptrdiff_t>(j);
    verdict.causal = key > future;
    verdict.padding = j >= padding;
    verdict.window = key < first || key > last;
    return verdict;
  }
};

template <class T>
void add_given(MaskVerdict<T>& verdict, const Tensor<T>& given, std::size_t b, std::size_t h, std::size_t i, std::size_t j) {
  verdict.added = broadcast_element(given, b, h, i, j);
  verdict.given = verdict.added == -std::numeric_limits<T>::infinity();
}

}  // namespace

template <class T>
std::ptrdiff_t causal_offset(const MaskRules<T>& rules, const Sizes& sizes, std::size_t b) {
  if (rules.align == CausalAlign::top_left) return static_cast<std::ptrdiff_t>(sizes.past_len);
  const std::size_t last =
      rules.valid_lens.empty() ? maskable_keys(sizes.key_len, rules.exempt_keys) : rules.valid_lens[b];
  return static_cast<std::ptrdiff_t>(last) - static_cast<std::ptrdiff_t>(sizes.query_len);
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
MaskVerdict<T> mask_verdict(const MaskRules<T>& rules, const Sizes& sizes, std::size_t b, std::size_t h,
                            std::size_t i, std::size_t j) {
  const QueryRules query(rules, sizes, b, i);
  MaskVerdict<T> verdict = query.verdict<T>(j);
  if (rules.given && j < query.keys) add_given(verdict, *rules.given, b, h, i, j);
  return verdict;
}

template <class T>
Tensor<T> combined_mask(const MaskRules<T>& rules, const Sizes& sizes) {
  check_mask(rules, sizes);
  Tensor<T> mask = empty<T>({sizes.batch, sizes.heads, sizes.query_len, sizes.key_len});
  T* cell = mask.data();
  for (std::size_t b = 0; b < sizes.batch; ++b) {
    for (std::size_t h = 0; h < sizes.heads; ++h) {
      for (std::size_t i = 0; i < sizes.query_len; ++i) {
        const QueryRules query(rules, sizes, b, i);
        for (std::size_t j = 0; j < sizes.key_len; ++j) {
          MaskVerdict<T> verdict = query.verdict<T>(j);
          if (rules.given && j < query.keys) add_given(verdict, *rules.given, b, h, i, j);
          *cell++ = verdict.forbidden() ? -std::numeric_limits<T>::infinity() : verdict.added;
        }
      }
    }
  }
  return mask;
}

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
