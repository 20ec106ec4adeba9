// Shapes, and the letters that name their axes everywhere in this project.
//
//   B   batch                     E   embedding width (d_model)
//   H   query heads               D   head size (d_k)
//   Hk  key/value heads           Dv  value head size (d_v)
//   Lq  query length              Ek  width of the source of keys    (E unless kdim differs)
//   Lk  key length, cache included Ev width of the source of values  (E unless vdim differs)
//   F   feed-forward width               Eo width of a layer's output (E unless its last residual is mapped)
//   V   tokens of the vocabulary         Lm  positions of a model      Sg  segments of a model
//   P   keys that come from the cache      Ln  keys new in this run (Lk = P + Ln + those a module appends)
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

using Shape = std::vector<std::size_t>;

/// Number of elements of a tensor of this shape; 1 for the empty shape (a scalar).
/// Empty when the product does not fit std::size_t, so that callers can refuse before allocating.
std::optional<std::size_t> element_count(const Shape& shape);

/// "(2, 3, 4)"; "(5,)" for one axis and "()" for none, as NumPy writes them.
std::string to_string(const Shape& shape);

/// The sizes of one attention run, by letter. Zero means "this run has no such axis".
struct Sizes {
  std::size_t batch = 0;             ///< B
  std::size_t heads = 0;             ///< H
  std::size_t kv_heads = 0;          ///< Hk
  std::size_t query_len = 0;         ///< Lq
  std::size_t key_len = 0;           ///< Lk
  std::size_t past_len = 0;          ///< P
  std::size_t new_len = 0;           ///< Ln
  std::size_t d_model = 0;           ///< E
  std::size_t key_width = 0;         ///< Ek
  std::size_t value_width = 0;       ///< Ev
  std::size_t head_dim = 0;          ///< D
  std::size_t value_dim = 0;         ///< Dv
  std::size_t ffn_width = 0;         ///< F
  std::size_t output_width = 0;      ///< Eo
  std::size_t vocabulary = 0;        ///< V
  std::size_t max_length = 0;        ///< Lm
  std::size_t segments = 0;          ///< Sg

  /// Of a part of a run, with some of its queries: how many stand before and after them.
  std::size_t queries_before = 0, queries_after = 0;
};

/// One row per letter, in the order of the legend above.
struct Letter {
  std::string_view name;             ///< "Lq"
  std::size_t Sizes::*size;
  std::string_view meaning;
};
const std::vector<Letter>& letters();

/// The size of an axis written with letters: "Lq", a product such as "H*D", a half such as "E/2", a sum such as "Ln+1", or a number.
/// Throws std::invalid_argument for an unknown letter (a mistake in a table, not in an input).
std::size_t axis_size(std::string_view axis, const Sizes& sizes);

/// "B, H, Lq, Lk" -> {"B", "H", "Lq", "Lk"}.
std::vector<std::string> split_axes(std::string_view axes);

/// The shape that a list of axes has in a run of these sizes.
Shape shape_of_axes(std::string_view axes, const Sizes& sizes);

}  // namespace attn
