// Which positional encoding is this? A table is compared with every variant and every known mistake, one by
// one and in combination; whatever reproduces it to rounding is an explanation.
//
// Mistakes have the identifiers of the project's catalogue: E1 … E12 (sinusoidal), R1 … R7 (rotary),
// AL1 … AL3 (ALiBi). What a finding says in words is text, in lib/attn/lessons.
#pragma once

#include <attn/tensor.hpp>
#include <attn/verify/posenc_rounding.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn::posenc {

/// How freely the number of a deviation was chosen to fit: what needs less freedom comes first, and hides what
/// needs as much of it or more and has more parts.
enum class Freedom { none, round_number, number };

/// One way in which a table can differ from the usual one.
struct Deviation {
  std::string id;    ///< "E6"; empty for a choice that is no mistake
  std::string kind;  ///< "base": which sentence of the lesson files, posenc.is_<kind>
  std::string found{};     ///< "500", or a word of the lesson files, posenc.found_<word>
  std::string expected{};  ///< "10000", in the usual encoding
  Freedom freedom = Freedom::none;  ///< of `found`
  bool equivalent = false;          ///< attention gives the same result
  bool approximate = false;         ///< numbers near `found` fit as well

  bool operator==(const Deviation& other) const { return id == other.id && kind == other.kind && found == other.found; }
};

/// A combination of deviations that reproduces the table; none at all: it is the usual encoding.
struct Explanation {
  std::vector<Deviation> deviations;
  double residual = 0;  ///< largest difference that is left
};

/// A deviation that changes nothing in this table.
struct Unseen {
  Deviation deviation;
  bool possible = true;  ///< false: a table of this form cannot have it at all
  bool partial = false;  ///< one form of the mistake; others would have shown

  bool operator==(const Unseen& other) const { return deviation == other.deviation; }
};

/// A cell of a table, in which it has another number than a variant.
struct WrongCell {
  std::size_t row, column;  ///< rows of all samples are counted through
  double theirs, ours;
};

/// What a table that nothing explains is nearest to.
struct Nearest {
  std::vector<Deviation> deviations{};
  double median = 0;         ///< of the differences
  std::size_t cells = 0;     ///< that were compared
  std::size_t wrong = 0;     ///< that differ by more than rounding
  std::vector<WrongCell> worst{};  ///< the largest differences, at most three
  std::string special{};     ///< "zero", "unchanged", "not_finite": what the whole table is; else empty
};

struct Identification {
  /// The simplest explanations: no other one uses a part of the same deviations. More than one is a tie.
  std::vector<Explanation> explanations{};
  /// What this table cannot tell from the first explanation.
  std::vector<Unseen> cannot_tell{};
  /// The number type whose rounding the residual shows: "float64", "float32", "float16", "bfloat16"; or the decimals
  /// of a table that was rounded for people: "3 decimals".
  std::string rounding{};
  /// Of a sinusoidal table without explanation.
  std::optional<Nearest> nearest{};
};

/// A table [L, d], or [B, L, d] when it was added to a batch, or [L, 1, d]. Throws ShapeError for another rank or no
/// elements.
Identification identify_sinusoidal(const Tensor<double>& table);

/// X + P and the X that it was made of, both [L, d] or [B, L, d]: also whether X was multiplied by √d once
/// more or once less (E10). Throws ShapeError unless the shapes agree.
Identification identify_sum(const Tensor<double>& sum, const Tensor<double>& x);

/// What the tensor that should be rotated is: values should not be.
enum class RotaryRole { query_or_key, value };

/// Rotated queries or keys [..., L, D] and what they were before, of the same shape. heads > 1: the last
/// axis holds that many heads side by side.
Identification identify_rope(const Tensor<double>& rotated, const Tensor<double>& before, std::size_t heads,
                             RotaryRole role = RotaryRole::query_or_key);

/// The tables of cosines and sines, both [L, r], of a head of head_dim coordinates.
Identification identify_rope_tables(const Tensor<double>& cosines, const Tensor<double>& sines, std::size_t head_dim);

/// Slopes [H], or biases [H, Lq, Lk], possibly with leading axes of 1. Keys of the future that are forbidden or 0
/// are not compared, which cannot_tell says.
Identification identify_alibi(const Tensor<double>& table);

/// Keeps, of all explanations that fit, the simplest, those with a fitted number last, and lists what the
/// table cannot tell.
Identification simplest(std::vector<Explanation> fitting, const std::string& rounding);

/// 10000 for 10000.0, 2.828427 for √8: the shortest text with at most six decimals.
std::string short_number(double value);

/// "√d" or "1/√d" where a factor is that of a table of d columns, else the number.
std::string factor_text(double factor, std::size_t columns);

/// Whether a number has one significant decimal digit: 500, 0.2.
bool is_round(double value);

/// Half a unit of the last significant decimal digit, of at most nine: 5 for 1230.
double half_last_digit(double value);

/// Round numbers near a fitted one, the roundest first: 500 before 499.9 for 499.94; then the number itself
/// to nine digits.
std::vector<double> round_numbers_near(double value);

}  // namespace attn::posenc
