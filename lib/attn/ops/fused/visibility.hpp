// The mask rules as the loop over tiles needs them: which tiles can be left out, which need no mask, and the
// mask of one tile. The rules themselves are those of attn/ops/mask.hpp.
#pragma once

#include <attn/ops/mask.hpp>
#include <attn/tensor.hpp>

#include <array>
#include <cstddef>

namespace attn::fused {

/// Whole numbers begin … end − 1; none if end ≤ begin.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool empty() const { return end <= begin; }
  std::size_t size() const { return empty() ? 0 : end - begin; }
};

Range overlap(const Range& a, const Range& b);

/// Scores of one tile [keys, columns]: column i is query queries.begin + i.
template <class T>
struct ScoreTile {
  T* scores;
  std::size_t columns;
  Range keys;
  Range queries;
};

/// The rules of one run, for one head of one sample.
template <class T>
class Visibility {
 public:
  /// The rules must have passed check_mask and must outlive this.
  Visibility(const MaskRules<T>& rules, const Sizes& sizes, T fill, std::size_t b, std::size_t h);

  /// The keys that these queries have to meet, at most two ranges in order. All keys if forbidden ones are
  /// filled with a finite score: they count in the softmax.
  std::array<Range, 2> keys_for(const Range& queries) const;

  /// Whether every one of these queries sees every one of these keys, with nothing added.
  bool all_clear(const Range& keys, const Range& queries) const;

  /// Adds the given mask, writes the fill over forbidden scores, and sets seen[i] for every column that sees
  /// a key of this tile.
  void apply(const ScoreTile<T>& tile, bool* seen) const;

 private:
  Range queries_seeing(std::size_t key) const;
  void apply_rules(const ScoreTile<T>& tile, bool* seen) const;
  void apply_given(const ScoreTile<T>& tile, bool* seen) const;

  const MaskRules<T>& rules_;
  T fill_;
  std::size_t query_len_;
  std::size_t key_len_;
  std::size_t exempt_from_;   ///< keys from here on no rule applies to
  std::size_t valid_;         ///< keys from here on are padding
  std::ptrdiff_t offset_;     ///< position of query 0 among the keys
  const T* given_ = nullptr;  ///< the mask of this head, [Lq, exempt_from], with these strides
  std::size_t query_stride_ = 0;
  std::size_t key_stride_ = 0;
};

}  // namespace attn::fused
