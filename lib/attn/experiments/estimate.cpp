#include <attn/experiments/estimate.hpp>

#include <cmath>
#include <stdexcept>

namespace attn {

Estimate estimate(const std::vector<double>& numbers) {
  if (numbers.empty()) throw std::invalid_argument("no numbers to take the mean of");
  const double count = static_cast<double>(numbers.size());
  Estimate result;
  for (const double number : numbers) result.mean += number / count;
  double squares = 0;
  for (const double number : numbers) squares += (number - result.mean) * (number - result.mean);
  if (numbers.size() > 1) result.error = std::sqrt(squares / (count - 1) / count);
  return result;
}

}  // namespace attn
