#include <attn/verify/median_ratio.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace attn {
namespace {

std::optional<double> median_of_every(std::size_t stride, const Tensor<double>& wrong, const Tensor<double>& right) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < right.size(); i += stride) {
    const double ratio = wrong.data()[i] / right.data()[i];
    if (std::isfinite(ratio) && ratio != 0) ratios.push_back(ratio);
  }
  if (ratios.empty()) return std::nullopt;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return *middle;
}

}  // namespace

std::optional<double> median_ratio(const Tensor<double>& wrong, const Tensor<double>& right) {
  constexpr std::size_t most_cells = 65536;
  if (shape_of(wrong) != shape_of(right)) return std::nullopt;
  const std::size_t stride = right.size() / most_cells + 1;
  const std::optional<double> of_some = median_of_every(stride, wrong, right);
  return of_some || stride == 1 ? of_some : median_of_every(1, wrong, right);
}

std::optional<double> median_ratio_of_changed(Tensor<double> wrong, const Tensor<double>& right) {
  if (shape_of(wrong) != shape_of(right)) return std::nullopt;
  std::size_t telling = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    double& number = wrong.data()[i];
    if (number == right.data()[i]) number = 0;
    telling += number != 0 && std::isfinite(number / right.data()[i]);
  }
  return telling < 4 ? std::nullopt : median_ratio(wrong, right);
}

}  // namespace attn
