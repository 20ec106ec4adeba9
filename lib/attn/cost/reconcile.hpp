// Whose count is this? Counters of operations disagree about what a multi-head attention costs, because
// each leaves out something else. A claimed number is held against every convention known here.
//
// The module is multi-head self- or cross-attention: b samples, n queries, m keys, width d, h heads, four
// linear maps. What published counters count is taken from their documentation and their formulas.
#pragma once

#include <attn/cost/polynomial.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::cost {

/// Which query–key pairs are counted.
enum class Pairs {
  all,     ///< p = n·m, whether or not a mask forbids some
  causal,  ///< p = Σ min(i, m) for i = 1 … n: n·(n + 1)/2 when m = n
};

/// One way to count.
struct Convention {
  std::string counter;             ///< "torch", "fvcore", …; "" for a combination of the usual choices
  std::vector<std::string> parts;  ///< what it is made of, as keys of the lesson files
  std::string unit;                ///< "FLOP" or "MAC", as the counter means it
  Polynomial formula;              ///< with p for the pairs
  Pairs pairs = Pairs::all;
  std::string source;              ///< where the formula is documented; "" for a combination
};

/// The published counters, several rows each where the code path decides what they see.
const std::vector<Convention>& published_conventions();

/// Every combination of: MAC or FLOP; no projection, the three of the input, or all four; the scores alone
/// or both products; all pairs or the causal half; softmax at 0, 1, 3 or 5 operations a score; biases;
/// scale; mask. Simplest first.
const std::vector<Convention>& combined_conventions();

/// The names --for accepts.
std::vector<std::string> counter_names();

/// A number as somebody printed it: whole, or rounded ("134.2M").
struct Claim {
  double value = 0;                ///< for distances
  std::optional<Count> exact;      ///< a whole number without a suffix
  double half_step = 0;            ///< half a unit of the last digit printed, for a rounded number
  bool matches(Count count) const;
};

/// "134217728", "1.34e8", "134.2M" (K, M, G, T for powers of 1000). Empty when the text is no positive
/// number of this kind.
std::optional<Claim> parse_claim(std::string_view text);

/// One convention applied to the sizes.
struct Reckoning {
  const Convention* convention;
  Count value;
  bool matches;
};

/// All conventions of `counter` ("" for all counters and combinations) with their values: matches first,
/// then by distance from the claim; among equals published before combined and simple before complicated.
/// `values` needs b, n, m, d and h.
std::vector<Reckoning> reconcile(const Claim& claim, Values values, std::string_view counter);

}  // namespace attn::cost
