#include <attn/verify/median_ratio.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace attn {
namespace {

enum class Cells { all, changed };

std::vector<double> ratios_of_every(std::size_t stride, Cells cells, const Tensor<double>& wrong, const Tensor<double>& right) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < right.size(); i += stride) {
    if (cells == Cells::changed && wrong.data()[i] == right.data()[i]) continue;
    const double ratio = wrong.data()[i] / right.data()[i];
    if (std::isfinite(ratio) && ratio != 0) ratios.push_back(ratio);
  }
  return ratios;
}

std::optional<double> median(Cells cells, std::size_t least, const Tensor<double>& wrong, const Tensor<double>& right) {
  constexpr std::size_t most_cells = 65536;
  if (shape_of(wrong) != shape_of(right)) return std::nullopt;
  const std::size_t stride = right.size() / most_cells + 1;
  std::vector<double> ratios = ratios_of_every(stride, cells, wrong, right);
  if (ratios.size() < least && stride > 1) ratios = ratios_of_every(1, cells, wrong, right);
  if (ratios.size() < least) return std::nullopt;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return *middle;
}

}  // namespace

std::optional<double> median_ratio(const Tensor<double>& wrong, const Tensor<double>& right) { return median(Cells::all, 1, wrong, right); }

std::optional<double> median_ratio_of_changed(const Tensor<double>& wrong, const Tensor<double>& right) { return median(Cells::changed, 4, wrong, right); }

}  // namespace attn
