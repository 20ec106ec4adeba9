// Which positional encoding is this? A table is compared with every variant and every known mistake, one by
// one and in combination; whatever reproduces it to rounding is an explanation.
//
// Mistakes have the identifiers of the project's catalogue: E1 … E12 (sinusoidal), R1 … R7 (rotary),
// AL1 … AL3 (ALiBi).
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn::verify {

/// One way in which a table can differ from the usual one.
struct Deviation {
  std::string id;       ///< "E2"; empty for a choice that is no mistake
  std::string message;  ///< "all sines first, then all cosines"

  bool operator==(const Deviation& other) const { return id == other.id && message == other.message; }
};

/// A combination of deviations that reproduces the table; none at all: it is the usual encoding.
struct Explanation {
  std::vector<Deviation> deviations;
  double residual = 0;  ///< largest difference that is left
};

struct Identification {
  /// The simplest explanations: no other one uses a part of the same deviations. More than one is a tie.
  std::vector<Explanation> explanations;
  /// What this table cannot tell from the first explanation: deviations that change nothing in it.
  std::vector<Deviation> cannot_tell;
  /// The number type whose rounding the residual shows: "float64", "float32", "float16", "bfloat16".
  std::string rounding;
};

/// A table [L, d], or [B, L, d] when it was added to a batch. Throws ShapeError for another rank or no
/// elements.
Identification identify_sinusoidal(const Tensor<double>& table);

/// Rotated queries or keys [..., L, D] and what they were before, of the same shape. heads > 1: the last
/// axis holds that many heads side by side.
Identification identify_rope(const Tensor<double>& rotated, const Tensor<double>& before, std::size_t heads);

/// Slopes [H], or biases [H, Lq, Lk].
Identification identify_alibi(const Tensor<double>& table);

/// The tightest rounding class that an error of `error[i]` at position `position[i]` fits; "" for none.
struct RoundingClass {
  std::string name;
  double unit;       ///< of a result
  double per_step;   ///< of an angle, for each position
};
const std::vector<RoundingClass>& rounding_classes();

/// Keeps, of all explanations that fit, the simplest, and lists what the table cannot tell.
Identification simplest(std::vector<Explanation> fitting, const std::string& rounding);

}  // namespace attn::verify
