// The base of the frequencies, from how far the pairs of a table turn.
#pragma once

#include <cstddef>
#include <vector>

namespace attn::posenc {

/// How far a pair turned from row 0 to a later row.
struct PairTurn {
  double exponent;    ///< of the pair: ω = base^-exponent
  double rows;        ///< from row 0
  double angle;       ///< in radians, known up to whole turns
  double weight = 1;  ///< 1 / the variance of the angle, up to a common factor
};

/// The rows, below `len`, whose turns base_candidates() makes use of: 1, 2, 4 … 64.
std::vector<std::size_t> rows_for_base(std::size_t len);

/// The first of every few of `pairs` pairs, at most 32, without pair 0, which turns alike for every base.
std::vector<std::size_t> pairs_for_base(std::size_t pairs);

/// 10000, then spellings of the base that fits the turns best, the roundest first. 10000 alone where the
/// turns of one row are missing or show no frequency below one.
std::vector<double> base_candidates(const std::vector<PairTurn>& turns);

}  // namespace attn::posenc
