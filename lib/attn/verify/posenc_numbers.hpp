// The numbers of a sinusoidal table, fitted for one form of it: scale, base, first position.
#pragma once

#include <attn/verify/posenc_table.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace attn::posenc {

/// First positions from -farthest_first_position to farthest_first_position are tried, fewer where rounding leaves
/// too many.
constexpr std::int64_t farthest_first_position = 100000;

/// First positions whose angle, modulo a whole turn, is within `limit` of the phase, and `per_position` more for each position,
/// but never more than `most`; the nearest to 0 first.
std::vector<std::int64_t> positions_near(double phase, double limit, double per_position, double most = INFINITY);

/// The same, remembered: all bases and most forms that are tried ask for the same few phases.
class PositionsNear {
 public:
  const std::vector<std::int64_t>& find(double phase, double limit, double per_position, double most);

 private:
  std::map<std::array<double, 4>, std::vector<std::int64_t>> found_;
};

/// A column that turns by one radian a position: scale · sin(phase + row), or the cosine.
struct FastWave {
  double scale, phase;
  std::size_t column;
  double misfit;  ///< the largest difference from it
};
/// From the columns with ω = 1; nothing where there is none, or one row without a pair.
std::optional<FastWave> fast_wave(const RowTable& table, const VariantRows& ours);

/// Whether that column is, to rounding, one at all; true where that cannot be said.
bool may_turn(const RowTable& table, const VariantRows& ours, const TypeTolerance& tolerance);

/// What the table may be multiplied by, the shortest numbers first; never zero.
std::vector<double> scale_candidates(const RowTable& table, const VariantRows& ours, PairOrder order, const TypeTolerance& tolerance);

/// 10000, then common bases that are near the one that fits best, or all where none can be fitted, then
/// spellings of that one, the roundest first.
std::vector<double> base_candidates(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& form, const TypeTolerance& tolerance);

/// Positions that row 0 may have, the nearest to 0 first, at most three; 0 and 1 alone if one of them fits.
std::vector<std::int64_t> first_positions(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& form, const TypeTolerance& tolerance, PositionsNear& known);

}  // namespace attn::posenc
