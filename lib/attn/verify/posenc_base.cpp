#include <attn/verify/posenc_base.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {
namespace {

constexpr std::size_t farthest_row = 64, most_pairs = 32;
constexpr double usual_base = 10000, largest_base = 1e12;

// ln(base) from the turns of one row, which are ω itself: ln ω = -exponent · ln(base). An error of the angle
// is one of 1/ω in ln ω. Zero if no turn is one of a frequency.
double first_estimate(const std::vector<PairTurn>& turns) {
  double products = 0, squares = 0;
  for (const PairTurn& turn : turns) {
    const double omega = std::remainder(turn.angle, 2 * M_PI);
    if (turn.rows != 1 || !(omega > 0)) continue;
    const double weight = turn.weight * omega * omega * turn.exponent;
    products -= weight * std::log(omega);
    squares += weight * turn.exponent;
  }
  return squares > 0 ? products / squares : 0;
}

// One step of Gauss-Newton on ln(base) with the turns of up to `rows` rows. More rows know the frequency
// better, but only once it is known well enough to count their whole turns.
double improved(double log_base, const std::vector<PairTurn>& turns, double rows) {
  double products = 0, squares = 0;
  for (const PairTurn& turn : turns) {
    if (turn.rows > rows) continue;
    const double omega = std::exp(-turn.exponent * log_base);
    const double slope = -turn.rows * turn.exponent * omega;
    products += turn.weight * slope * std::remainder(turn.angle - turn.rows * omega, 2 * M_PI);
    squares += turn.weight * slope * slope;
  }
  return squares > 0 ? log_base + products / squares : log_base;
}

}  // namespace

std::vector<std::size_t> rows_for_base(std::size_t len) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 1; row < len && row <= farthest_row; row *= 2) rows.push_back(row);
  return rows;
}

std::vector<std::size_t> pairs_for_base(std::size_t pairs) {
  std::vector<std::size_t> chosen;
  const std::size_t step = std::max<std::size_t>(1, pairs / most_pairs);
  for (std::size_t j = 1; j < pairs && chosen.size() < most_pairs; j += step) chosen.push_back(j);
  return chosen;
}

std::vector<double> base_candidates(const std::vector<PairTurn>& turns) {
  std::vector<double> bases = {usual_base};
  double log_base = first_estimate(turns);
  if (!(log_base > 0)) return bases;
  for (std::size_t row = 1; row <= farthest_row; row *= 2) {
    for (int step = 0; step < 3; ++step) log_base = improved(log_base, turns, static_cast<double>(row));
  }
  const double base = std::exp(log_base);
  if (!(base > 1.001) || base > largest_base || std::abs(base / usual_base - 1) < 1e-9) return bases;
  for (const double rounded : round_numbers_near(base)) {
    if (rounded >= 1 && rounded != usual_base) bases.push_back(rounded);
  }
  return bases;
}

}  // namespace attn::posenc
