// Which keys a query may attend to: every rule that can forbid a key, judged one cell at a time, and
// the additive mask that all rules together make.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn {

/// Where the diagonal of the causal rule starts when there are more keys than queries.
enum class CausalAlign {
  top_left,      ///< query 0 sees key 0 (PyTorch's is_causal); a cache shifts by its length
  bottom_right,  ///< the last query sees the last key, or the last valid key of its sample
};

/// Keys at positions p − left … p + right around the query's position p = i + causal offset.
/// An empty side is unbounded.
struct Window {
  std::optional<std::size_t> left;
  std::optional<std::size_t> right;
  bool bounded() const { return left || right; }
};

/// All rules of one run. A key is visible if every rule allows it.
template <class T>
struct MaskRules {
  bool causal = false;
  CausalAlign align = CausalAlign::top_left;
  std::vector<std::size_t> valid_lens;  ///< [B]: keys j ≥ valid_lens[b] are padding; empty: no padding
  Window window;
  /// Rank 1 to 4, broadcast right-aligned to [B, H, Lq, Lk]: numbers to add, −inf to forbid.
  std::optional<Tensor<T>> given;
  /// Keys at the end that no rule applies to: bias_k, and the zero key of add_zero_attn.
  std::size_t exempt_keys = 0;

  bool any() const { return causal || !valid_lens.empty() || window.bounded() || given; }
};

/// What the rules say about one query and one key.
template <class T>
struct MaskVerdict {
  bool causal = false;   ///< the key lies in the future
  bool padding = false;  ///< the key lies beyond the valid length
  bool window = false;   ///< the key lies outside the window
  bool given = false;    ///< the given mask holds −inf here
  T added = T{0};        ///< the given mask's number; 0 without one

  bool forbidden() const { return causal || padding || window || given; }
};

/// Position of query 0 of a run, or of these queries of it, among the keys of sample b; negative when the sample has fewer valid keys than
/// there are queries (its first rows then see nothing).
template <class T>
std::ptrdiff_t causal_offset(const MaskRules<T>& rules, const Sizes& sizes, std::size_t b);

/// Throws ShapeError if the given mask does not broadcast to [B, H, Lq, Lk − exempt], if there is not
/// one valid length a sample, or if a valid length exceeds the keys.
template <class T>
void check_mask(const MaskRules<T>& rules, const Sizes& sizes);

/// The rules as one query meets them: where, among the keys, each of them begins and ends to forbid. The rules must
/// have passed check_mask, and outlive it.
template <class T>
class QueryRules {
 public:
  /// Query i of head h in sample b.
  QueryRules(const MaskRules<T>& rules, const Sizes& sizes, std::size_t b, std::size_t h, std::size_t i);

  MaskVerdict<T> verdict(std::size_t key) const;

  /// The query's row of the additive mask, [Lk].
  void write_row(T* row) const;

 private:
  std::size_t keys_, key_len_;   // of them all; from keys_ on no rule applies
  std::size_t padding_;          // from here on keys are padding
  std::ptrdiff_t future_;        // keys after this one lie in the future
  std::ptrdiff_t first_, last_;  // of the window
  const T* given_ = nullptr;     // the query's row of the given mask,
  std::size_t given_stride_ = 0; // which has one number for all keys, or one for each
};

/// The verdict on query i and key j of head h in sample b. The rules must have passed check_mask.
template <class T>
MaskVerdict<T> mask_verdict(const MaskRules<T>& rules, const Sizes& sizes, std::size_t b, std::size_t h,
                            std::size_t i, std::size_t j);

/// The additive mask [B, H, Lq, Lk]: −inf where a rule forbids, else the given mask's number, else 0.
template <class T>
Tensor<T> combined_mask(const MaskRules<T>& rules, const Sizes& sizes);

}  // namespace attn
