// What repeated measurements say: middle and spread, outliers, and the exponent of a power law.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace attn::cost {

/// Order statistics of at least one number. Quartiles are interpolated linearly between neighbours.
struct Summary {
  double least = 0, first_quartile = 0, median = 0, third_quartile = 0, largest = 0;
  std::size_t count = 0;
  /// Numbers more than 1.5 interquartile ranges outside the quartiles (Tukey 1977).
  std::size_t outliers = 0;
  double spread() const { return third_quartile - first_quartile; }
};

/// Throws std::invalid_argument when there is no number.
Summary summarize(std::vector<double> numbers);

/// y = c·x^exponent, fitted by least squares on logarithms.
struct PowerLaw {
  double exponent = 0;
  double margin = 0;                    ///< half of the 95 % confidence interval of the exponent
  std::vector<double> local_exponents;  ///< between neighbouring points
  std::size_t points = 0;
  double range = 1;                     ///< largest x over smallest
};

/// Needs two points with different x, all positive; with two the margin is infinite. Throws
/// std::invalid_argument otherwise.
PowerLaw fit_power_law(const std::vector<double>& x, const std::vector<double>& y);

enum class Verdict {
  agrees,     ///< within the tolerance of the theory
  differs,    ///< outside it
  too_small,  ///< fewer than four points, or less than a factor of eight: no statement
  noisy,      ///< a margin above 0.3: no statement
  changing,   ///< the exponent still moves along the range: its ends differ by more than 0.5
};

constexpr double exponent_tolerance = 0.15;

Verdict judge(const PowerLaw& law, double theory);

/// The factor t with which t·(standard error) is half the 95 % interval, for `degrees` of freedom.
double student_t_95(std::size_t degrees);

}  // namespace attn::cost
