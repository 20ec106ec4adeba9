// A mean over random draws, with the error that it has because there were only so many.
#pragma once

#include <vector>

namespace attn {

struct Estimate {
  double mean = 0;
  double error = 0;  ///< standard error of the mean, s/√n with the unbiased s²; 0 for a single number
};

/// Throws std::invalid_argument when there is no number.
Estimate estimate(const std::vector<double>& numbers);

}  // namespace attn
