#include <attn/verify/posenc_base.hpp>
#include <attn/verify/posenc_numbers.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {
namespace {

constexpr std::size_t rows_for_amplitude = 64, rows_for_first = 8, most_hits = 3, columns_for_base = 32, most_windows = 4;
constexpr double most_near = 600;
constexpr int steps_around = 12;
constexpr double usual_bases[] = {100, 500, 1000, 5000, 20000, 50000, 100000, 500000, 1000000, 100000000};

std::optional<std::size_t> fast_column(const RowTable& table, const VariantRows& ours, bool cosine) {
  for (std::size_t c = 0; c < table.width; ++c) {
    if (ours.is_fastest(c) && ours.is_cosine(c) == cosine && !ours.is_zero(c)) return c;
  }
  return std::nullopt;
}

// √(sin² + cos²) of the pairs, which every variant but E5 keeps constant; 0 if it varies, or without pairs.
double amplitude_of(const RowTable& table, PairOrder order) {
  const std::size_t sines = (table.width + 1) / 2;
  double least = INFINITY, most = 0;
  for (std::size_t j = 0; j < table.width / 2; ++j) {
    const std::size_t first = order == PairOrder::interleaved ? 2 * j : j;
    const std::size_t second = order == PairOrder::interleaved ? 2 * j + 1 : sines + j;
    for (std::size_t i = 0; i < std::min(table.len, rows_for_amplitude); ++i) {
      const double amplitude = std::hypot(table.at(i, first), table.at(i, second));
      least = std::min(least, amplitude);
      most = std::max(most, amplitude);
    }
  }
  return most - least < 0.02 * most && std::isfinite(most) ? (least + most) / 2 : 0;
}

// How far rounding may move a cell of the first row.
double noise(const RowTable& table, const TypeTolerance& tolerance) {
  double most = 0;
  for (std::size_t c = 0; c < table.width; ++c) most = std::max(most, table.storing(0, c, 1, 1, tolerance));
  return 2 * (most + table.computing(1, tolerance));
}

// 710 positions are 113 turns but for this angle: 355/113 is that near to π.
constexpr int almost_whole_turns = 710;
constexpr double drift = 710 - 113 * 2 * M_PI;

// Beyond this angle from the phase of the wave no position can fit; negative if none can at all. The difference of the
// wave and of ours, two waves of the same frequency, is a third, whose amplitude is at least the difference of theirs,
// and at least 2·√(their product)·sin(angle / 2). It is within what rounding explains in rows 0 and 1, or in the pair of
// a single row; and of two numbers of a wave that are one radian apart the larger one is at least sin(1/2) = 0.479 of
// the amplitude.
double farthest_off(const RowTable& table, const FastWave& wave, double scale, const TypeTolerance& tolerance) {
  const double ours = std::abs(scale);
  double stored = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(table.len, 2); ++i) {
    for (std::size_t c = 0; c < table.width; ++c) stored = std::max(stored, table.storing(i, c, ours, scale, tolerance));
  }
  const double explained = wave.misfit + stored + ours * table.computing(farthest_rounded_start + 1, tolerance);
  const double amplitude = explained / 0.47;
  if (std::abs(wave.scale - ours) > amplitude) return -1;
  const double sine = amplitude / (2 * std::sqrt(wave.scale * ours));
  return sine < 1 ? 2 * std::asin(sine) + 1e-9 : INFINITY;
}

// The first positions at which the slower columns may have the numbers of row 0, told by their angles alone: most of
// those that the fastest columns leave are ruled out here.
class SlowerColumns {
 public:
  SlowerColumns(const RowTable& table, const VariantRows& ours, double scale, const TypeTolerance& tolerance) {
    for (std::size_t c = 0; c < table.width && count_ < most_windows; ++c) {
      if (ours.is_fastest(c) || ours.is_zero(c)) continue;
      double explained = 1.001 * table.computing(farthest_rounded_start * ours.rough_omega(c), tolerance);
      explained += (ours.rough_error(farthest_first_position) + 2 * table.storing(0, c, scale, scale, tolerance)) / std::abs(scale);
      const double cosine = table.at(0, c) / scale, least = cosine - explained, largest = cosine + explained;
      if (least > 1 || largest < -1) is_possible_ = false;  // no cosine at all
      // Beside 1 and -1 the arc cosine makes 1e-8 of a rounding.
      windows_[count_++] = {ours.rough_omega(c) / (2 * M_PI), ours.is_cosine(c) ? 0 : 0.25,
                            std::acos(std::min(1.0, largest)) / (2 * M_PI) - 1e-7,
                            std::acos(std::max(-1.0, least)) / (2 * M_PI) + 1e-7};
    }
  }

  bool is_possible() const { return is_possible_; }

  bool allow(std::int64_t position) const {
    return std::all_of(windows_.begin(), windows_.begin() + static_cast<std::ptrdiff_t>(count_), [position](const Window& window) {
      const double turns = static_cast<double>(position) * window.omega - window.shift;
      const double part = std::abs(turns - static_cast<double>(static_cast<std::int64_t>(turns)));
      const double angle = std::min(part, 1 - part);
      return !(angle < window.least || angle > window.largest);
    });
  }

 private:
  // Of the angle of a cosine from the nearest whole turn; all in turns.
  struct Window {
    double omega, shift, least, largest;
  };
  std::array<Window, most_windows> windows_{};
  std::size_t count_ = 0;
  bool is_possible_ = true;
};

// Turns of the pairs from row 0, whatever its position. Where numbers were stored in a narrow type, small ones are
// known better than large ones.
std::vector<PairTurn> turns_of_pairs(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& v, const TypeTolerance& tolerance) {
  std::vector<PairTurn> turns;
  const std::size_t columns = v.zero_last ? table.width - 1 : table.width;
  for (const std::size_t j : pairs_for_base(columns / 2)) {
    std::size_t sine = v.order == PairOrder::interleaved ? 2 * j : j;
    std::size_t cosine = v.order == PairOrder::interleaved ? 2 * j + 1 : (columns + 1) / 2 + j;
    if (v.cosine_first) std::swap(sine, cosine);
    const auto angle = [&](std::size_t row) { return std::atan2(table.at(row, sine), table.at(row, cosine)); };
    const auto variance = [&](std::size_t row) {
      const double s = table.at(row, sine), k = table.at(row, cosine);
      return std::pow(k * table.storing(row, sine, s, 1, tolerance), 2) + std::pow(s * table.storing(row, cosine, k, 1, tolerance), 2);
    };
    for (const std::size_t row : rows_for_base(table.len)) {
      const double weight = tolerance.is_narrow() ? 1 / (variance(row) + variance(0) + 1e-14) : 1;
      turns.push_back({ours.exponent(sine), static_cast<double>(row), angle(row) - angle(0), weight});
    }
  }
  return turns;
}

// Turns of single columns from position 0, for rows that begin at 0 or 1. Sine and cosine have two angles
// each for a value; a base that is known roughly tells them apart, and without it only position 1 is used.
std::vector<PairTurn> turns_of_columns(const RowTable& table, const VariantRows& ours, const FastWave& wave, std::size_t first, std::optional<double> base) {
  std::vector<PairTurn> turns;
  const std::size_t stride = std::max<std::size_t>(1, table.width / columns_for_base);
  for (std::size_t c = 0; c < table.width; c += stride) {
    if (ours.exponent(c) == 0 || ours.is_zero(c)) continue;
    for (const std::size_t position : rows_for_base(table.len + first)) {
      if (position < first || (!base && position > 1)) continue;
      const double value = std::max(-1.0, std::min(1.0, table.at(position - first, c) / wave.scale));
      const double sure = 1 - value * value;  // the squared slope of sine and cosine
      double angle = ours.is_cosine(c) ? std::acos(value) : std::asin(value);
      const double other = ours.is_cosine(c) ? -angle : M_PI - angle;
      if (base) {
        const double near = static_cast<double>(position) * std::pow(*base, -ours.exponent(c));
        if (std::abs(std::remainder(other - near, 2 * M_PI)) < std::abs(std::remainder(angle - near, 2 * M_PI))) angle = other;
      }
      if (sure > 0 && angle != 0) turns.push_back({ours.exponent(c), static_cast<double>(position), angle, sure});
    }
  }
  return turns;
}

std::vector<double> fitted_bases(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& v, const TypeTolerance& tolerance) {
  const bool has_pairs = v.exponents != Exponents::own_cosine && v.exponents != Exponents::by_column && table.width / 2 > 1;
  if (has_pairs) return base_candidates(turns_of_pairs(table, ours, v, tolerance));
  const std::optional<FastWave> wave = fast_wave(table, ours);
  if (!wave || !(std::abs(wave->scale) > 1e-6) || table.len < 3) return base_candidates({});
  const std::size_t first = std::abs(std::remainder(wave->phase - 1, 2 * M_PI)) < 0.1 ? 1 : 0;
  const std::vector<double> rough = base_candidates(turns_of_columns(table, ours, *wave, first, std::nullopt));
  return base_candidates(turns_of_columns(table, ours, *wave, first, rough.back()));
}

}  // namespace

std::vector<std::int64_t> positions_near(double phase, double limit, double per_position, double most) {
  // Where rounding leaves many, those far away would fit by chance.
  const double range = std::min(static_cast<double>(farthest_first_position), most_near * M_PI / (2 * limit));
  const double reach = std::min(limit + per_position * range, most);
  const bool is_everywhere = !(reach < 3);  // a drift leads past half a turn
  std::vector<std::int64_t> near;
  for (int rest = 0; rest < almost_whole_turns; ++rest) {
    double least = (-range - rest) / almost_whole_turns, largest = (range - rest) / almost_whole_turns;
    const double turns = (rest - phase) / (2 * M_PI), off = (turns - std::floor(turns + 0.5)) * 2 * M_PI;
    if (!is_everywhere) {
      least = std::max(least, (-reach - off) / drift - 1);
      largest = std::min(largest, (reach - off) / drift + 1);
    }
    for (double k = std::ceil(least); k <= largest; ++k) {
      const double position = rest + almost_whole_turns * k, distance = std::abs(position);
      double angle = std::fmod(position, 2 * M_PI);
      if (angle < 0) angle += 2 * M_PI;
      const double apart = std::abs(std::remainder(angle - phase, 2 * M_PI));
      if (distance <= range && apart <= std::min(limit + per_position * distance, most)) near.push_back(static_cast<std::int64_t>(position));
    }
  }
  std::sort(near.begin(), near.end(), [](std::int64_t a, std::int64_t b) { return std::abs(a) != std::abs(b) ? std::abs(a) < std::abs(b) : a > b; });
  return near;
}

const std::vector<std::int64_t>& PositionsNear::find(double phase, double limit, double per_position, double most) {
  const auto [place, is_new] = found_.try_emplace({phase, limit, per_position, most});
  if (is_new) place->second = positions_near(phase, limit, per_position, most);
  return place->second;
}

std::optional<FastWave> fast_wave(const RowTable& table, const VariantRows& ours) {
  const std::optional<std::size_t> sine = fast_column(table, ours, false), cosine = fast_column(table, ours, true);
  if (table.len == 1) {
    if (!sine || !cosine) return std::nullopt;
    return FastWave{std::hypot(table.at(0, *sine), table.at(0, *cosine)), std::atan2(table.at(0, *sine), table.at(0, *cosine)), *sine, 0};
  }
  if (!sine && !cosine) return std::nullopt;
  const std::size_t c = sine ? *sine : *cosine;
  double ss = 0, sc = 0, cc = 0, vs = 0, vc = 0;  // least squares for a · sin(row) + b · cos(row)
  for (std::size_t i = 0; i < std::min(table.len, rows_for_amplitude); ++i) {
    const double s = std::sin(static_cast<double>(i)), k = std::cos(static_cast<double>(i)), value = table.at(i, c);
    ss += s * s, sc += s * k, cc += k * k, vs += value * s, vc += value * k;
  }
  const double determinant = ss * cc - sc * sc;
  const double a = (vs * cc - vc * sc) / determinant, b = (vc * ss - vs * sc) / determinant;
  double misfit = 0;
  for (std::size_t i = 0; i < std::min(table.len, rows_for_amplitude); ++i) {
    const double at = static_cast<double>(i);
    misfit = std::max(misfit, std::abs(table.at(i, c) - a * std::sin(at) - b * std::cos(at)));
  }
  return FastWave{std::hypot(a, b), sine ? std::atan2(b, a) : std::atan2(-a, b), c, misfit};
}

bool may_turn(const RowTable& table, const VariantRows& ours, const TypeTolerance& tolerance) {
  const std::optional<FastWave> wave = fast_wave(table, ours);
  if (!wave || table.len < 3) return true;
  double stored = 0;
  for (std::size_t i = 0; i < std::min(table.len, rows_for_amplitude); ++i) {
    stored = std::max(stored, table.storing(i, wave->column, wave->scale, wave->scale, tolerance));
  }
  const double computed = std::max(1.0, wave->scale) * table.computing(static_cast<double>(farthest_first_position), tolerance);
  return wave->misfit <= 2 * (stored + computed);
}

std::vector<double> scale_candidates(const RowTable& table, const VariantRows& ours, PairOrder order, const TypeTolerance& tolerance) {
  double amplitude = amplitude_of(table, order);
  const std::optional<FastWave> wave = fast_wave(table, ours);
  if (amplitude == 0 && wave) amplitude = wave->scale;
  const double near = noise(table, tolerance);
  if (!(amplitude > 1e-9) || !std::isfinite(amplitude)) return {1};
  const double width = static_cast<double>(table.width), root = std::sqrt(width);
  for (const double known : {1.0, root, 1 / root, width}) {
    if (std::abs(amplitude / known - 1) <= near) return {known};
  }
  std::vector<double> scales;
  for (const double known : {1.0, root, 1 / root, width}) {
    if (std::abs(amplitude / known - 1) < 0.02) scales.push_back(known);
  }
  for (const double near_number : round_numbers_near(amplitude)) {
    if (std::find(scales.begin(), scales.end(), near_number) == scales.end()) scales.push_back(near_number);
  }
  return scales;
}

std::vector<double> base_candidates(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& form, const TypeTolerance& tolerance) {
  const std::vector<double> fitted = fitted_bases(table, ours, form, tolerance);
  std::vector<double> bases = {fitted.front()};
  for (const double base : usual_bases) {
    if (fitted.size() == 1 ? table.len < 3 : std::abs(std::log(base / fitted.back())) < 0.7) bases.push_back(base);
  }
  bases.insert(bases.end(), fitted.begin() + 1, fitted.end());
  if (!tolerance.stored || fitted.size() == 1) return bases;
  // The best fit of all numbers together need not be within the rounding of each.
  const double step = std::ldexp(1.0 / 16, -tolerance.stored->digits), digit = std::pow(10.0, std::floor(std::log10(fitted.back())) - 5);
  for (int k = 1; k <= steps_around; ++k) {
    for (const double sign : {1.0, -1.0}) bases.push_back(std::round(fitted.back() * (1 + sign * k * step) / digit) * digit);
  }
  bases.erase(std::remove_if(bases.begin(), bases.end(), [](double base) { return base < 1; }), bases.end());
  return bases;
}

std::vector<std::int64_t> first_positions(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& form, const TypeTolerance& tolerance, PositionsNear& known) {
  SinusoidalVariant v = form;
  std::vector<std::int64_t> found;
  const std::size_t rows = std::min(table.len, rows_for_first);
  const auto try_here = [&](std::int64_t first) {
    v.offset = first;
    if (may_agree(table, ours, v, tolerance, rows) && table_residual(table, ours, v, tolerance, rows) < INFINITY) found.push_back(first);
  };
  try_here(0);
  try_here(1);
  if (!found.empty()) return found;
  const std::optional<FastWave> wave = fast_wave(table, ours);
  if (!wave || !(wave->scale > 0)) return found;
  const double limit = noise(table, tolerance) / std::min(1.0, wave->scale), most = farthest_off(table, *wave, form.scale, tolerance);
  const SlowerColumns slower(table, ours, form.scale, tolerance);
  if (most < 0 || !slower.is_possible()) return found;
  for (const std::int64_t first : known.find(wave->phase + (form.scale < 0 ? M_PI : 0), limit, 2 * tolerance.computed.per_step, most)) {
    if (found.size() == most_hits) break;
    if (slower.allow(first)) try_here(first);
  }
  return found;
}

}  // namespace attn::posenc
