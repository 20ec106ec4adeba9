#include <attn/ops/fused/visibility.hpp>

#include <algorithm>
#include <limits>

namespace attn::fused {
namespace {

// A position as an index: what lies before 0 is 0.
std::size_t clamped(std::ptrdiff_t position) {
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(position, 0));
}

std::ptrdiff_t signed_size(std::size_t size) { return static_cast<std::ptrdiff_t>(size); }

}  // namespace

Range overlap(const Range& a, const Range& b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

template <class T>
Visibility<T>::Visibility(const MaskRules<T>& rules, const Sizes& sizes, T fill, std::size_t b, std::size_t h)
    : rules_(rules),
      fill_(fill),
      query_len_(sizes.query_len),
      key_len_(sizes.key_len),
      exempt_from_(sizes.key_len - rules.exempt_keys),
      valid_(rules.valid_lens.empty() ? exempt_from_ : rules.valid_lens[b]),
      offset_(causal_offset(rules, sizes, b)) {
  if (!rules.given) return;
  // Axes aligned at the right; an axis of size 1 is repeated, so that a step along it goes nowhere.
  const Tensor<T>& mask = *rules.given;
  const std::size_t index[4] = {b, h, 0, 0};
  std::size_t strides[4] = {0, 0, 0, 0}, stride = 1;
  given_ = mask.data();
  for (std::size_t axis = 4; axis-- > 4 - mask.dimension();) {
    const std::size_t size = mask.shape(axis + mask.dimension() - 4);
    strides[axis] = size == 1 ? 0 : stride;
    stride *= size;
    given_ += index[axis] * strides[axis];
  }
  query_stride_ = strides[2];
  key_stride_ = strides[3];
}

template <class T>
Range Visibility<T>::queries_seeing(std::size_t key) const {
  if (key >= exempt_from_) return {0, query_len_};
  if (key >= valid_) return {0, 0};
  const std::ptrdiff_t row = signed_size(key) - offset_;  // the query that stands at this key
  Range range = {0, query_len_};
  if (rules_.causal) range.begin = std::max(range.begin, clamped(row));
  if (rules_.window.right)
    range.begin = std::max(range.begin, clamped(row - signed_size(*rules_.window.right)));
  if (rules_.window.left)
    range.end = std::min(range.end, clamped(row + signed_size(*rules_.window.left) + 1));
  return range;
}

template <class T>
std::array<Range, 2> Visibility<T>::keys_for(const Range& queries) const {
  if (fill_ != -std::numeric_limits<T>::infinity()) return {Range{0, key_len_}, Range{}};
  const std::ptrdiff_t first = signed_size(queries.begin) + offset_,
                       last = signed_size(queries.end) - 1 + offset_;
  Range range = {0, valid_};
  if (rules_.causal) range.end = std::min(range.end, clamped(last + 1));
  if (rules_.window.right)
    range.end = std::min(range.end, clamped(last + signed_size(*rules_.window.right) + 1));
  if (rules_.window.left) range.begin = clamped(first - signed_size(*rules_.window.left));
  return {range, Range{exempt_from_, key_len_}};
}

template <class T>
bool Visibility<T>::all_clear(const Range& keys, const Range& queries) const {
  if (rules_.given) return false;
  // What a query sees are consecutive keys, so that the two ends speak for those between. Exempt keys are
  // never in one tile with others unless nothing is left out.
  const auto sees = [&](std::size_t key) {
    const Range range = queries_seeing(key);
    return range.begin <= queries.begin && queries.end <= range.end;
  };
  return sees(keys.begin) && sees(keys.end - 1) && (keys.end <= exempt_from_ || keys.begin >= exempt_from_);
}

template <class T>
void Visibility<T>::apply_rules(const ScoreTile<T>& tile, bool* seen) const {
  for (std::size_t key = tile.keys.begin; key < tile.keys.end; ++key) {
    T* const row = tile.scores + (key - tile.keys.begin) * tile.columns;
    const Range range = overlap(queries_seeing(key), tile.queries);
    const std::size_t begin = range.empty() ? tile.queries.size() : range.begin - tile.queries.begin;
    const std::size_t end = range.empty() ? tile.queries.size() : range.end - tile.queries.begin;
    std::fill(row, row + begin, fill_);
    std::fill(seen + begin, seen + end, true);
    std::fill(row + end, row + tile.queries.size(), fill_);
  }
}

template <class T>
void Visibility<T>::apply_given(const ScoreTile<T>& tile, bool* seen) const {
  for (std::size_t key = tile.keys.begin; key < tile.keys.end; ++key) {
    T* const row = tile.scores + (key - tile.keys.begin) * tile.columns;
    const Range range = queries_seeing(key);
    for (std::size_t i = 0; i < tile.queries.size(); ++i) {
      const std::size_t query = tile.queries.begin + i;
      const T added = key < exempt_from_ ? given_[query * query_stride_ + key * key_stride_] : T{0};
      const bool forbidden =
          query < range.begin || query >= range.end || added == -std::numeric_limits<T>::infinity();
      row[i] = forbidden ? fill_ : row[i] + added;
      seen[i] = seen[i] || !forbidden;
    }
  }
}

template <class T>
void Visibility<T>::apply(const ScoreTile<T>& tile, bool* seen) const {
  if (rules_.given) {
    apply_given(tile, seen);
  } else if (all_clear(tile.keys, tile.queries)) {
    std::fill(seen, seen + tile.queries.size(), true);
  } else {
    apply_rules(tile, seen);
  }
}

template class Visibility<float>;
template class Visibility<double>;

}  // namespace attn::fused
