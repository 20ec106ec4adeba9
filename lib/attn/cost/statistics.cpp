#include <attn/cost/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace attn::cost {
namespace {

/// The number at `share` of the way through sorted numbers.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double fraction = place - static_cast<double>(below);
  return sorted[below] + fraction * (sorted[above] - sorted[below]);
}

double mean(const std::vector<double>& numbers) {
  double sum = 0;
  for (const double number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

std::vector<double> logarithms(const std::vector<double>& numbers) {
  std::vector<double> result;
  for (const double number : numbers) {
    if (!(number > 0)) throw std::invalid_argument("a power law needs positive numbers");
    result.push_back(std::log(number));
  }
  return result;
}

}  // namespace

Summary summarize(std::vector<double> numbers) {
  if (numbers.empty()) throw std::invalid_argument("no measurement");
  std::sort(numbers.begin(), numbers.end());
  Summary summary;
  summary.count = numbers.size();
  summary.least = numbers.front();
  summary.first_quartile = quantile(numbers, 0.25);
  summary.median = quantile(numbers, 0.5);
  summary.third_quartile = quantile(numbers, 0.75);
  summary.largest = numbers.back();
  const double fence = 1.5 * summary.spread();
  for (const double number : numbers) {
    if (number < summary.first_quartile - fence || number > summary.third_quartile + fence) ++summary.outliers;
  }
  return summary;
}

double student_t_95(std::size_t degrees) {
  // Two-sided 95 % points of Student's distribution.
  static constexpr double table[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                     2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086};
  if (degrees == 0) return std::numeric_limits<double>::infinity();
  return degrees <= std::size(table) ? table[degrees - 1] : 1.96 + 2.5 / static_cast<double>(degrees);
}

PowerLaw fit_power_law(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() != y.size() || x.size() < 2) throw std::invalid_argument("a power law needs two points");
  const std::vector<double> u = logarithms(x), v = logarithms(y);
  const double u_mean = mean(u), v_mean = mean(v);
  double uu = 0, uv = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    uu += (u[i] - u_mean) * (u[i] - u_mean);
    uv += (u[i] - u_mean) * (v[i] - v_mean);
  }
  if (uu == 0) throw std::invalid_argument("a power law needs two different sizes");
  PowerLaw law;
  law.points = x.size();
  law.exponent = uv / uu;
  law.range = *std::max_element(x.begin(), x.end()) / *std::min_element(x.begin(), x.end());
  double residual = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double error = v[i] - v_mean - law.exponent * (u[i] - u_mean);
    residual += error * error;
    if (i > 0 && u[i] != u[i - 1]) law.local_exponents.push_back((v[i] - v[i - 1]) / (u[i] - u[i - 1]));
  }
  const std::size_t degrees = x.size() - 2;
  law.margin = degrees == 0 ? std::numeric_limits<double>::infinity()
                            : student_t_95(degrees) * std::sqrt(residual / static_cast<double>(degrees) / uu);
  return law;
}

Verdict judge(const PowerLaw& law, double theory) {
  if (law.points < 4 || law.range < 8) return Verdict::too_small;
  const std::vector<double>& local = law.local_exponents;
  if (!local.empty() && std::abs(local.back() - local.front()) > 0.5) return Verdict::changing;
  if (law.margin > 0.3) return Verdict::noisy;
  return std::abs(law.exponent - theory) <= exponent_tolerance ? Verdict::agrees : Verdict::differs;
}

}  // namespace attn::cost
