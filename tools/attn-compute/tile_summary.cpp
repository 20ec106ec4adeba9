#include "tile_summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn::tools {

const char* name_of(LeftOut reason) {
  switch (reason) {
    case LeftOut::no: return "";
    case LeftOut::causal: return "causal";
    case LeftOut::padding: return "padding";
    case LeftOut::window: return "window";
    case LeftOut::several: return "several";
  }
  return "";
}

template <class T>
TileCount count_tiles(const std::vector<OnlinePanel<T>>& panels) {
  TileCount count;
  for (const OnlinePanel<T>& panel : panels) {
    count.all += panel.tiles.size();
    for (const OnlineTile<T>& tile : panel.tiles) count.left_out += tile.left_out != LeftOut::no;
  }
  return count;
}

template <class T>
double largest_difference(const OnlineSoftmaxTrace<T>& trace, const Tensor<T>& whole) {
  double largest = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const auto a = static_cast<double>(trace.heads.data()[i]), b = static_cast<double>(whole.data()[i]);
    if (std::isnan(a) && std::isnan(b)) continue;
    const double difference = a == b ? 0 : std::abs(a - b);
    if (std::isnan(difference)) return difference;
    largest = std::max(largest, difference);
  }
  return largest;
}

template <class T>
bool agrees(const OnlineSoftmaxTrace<T>& trace, const Tensor<T>& whole) {
  double size = 1;
  for (const T value : whole.storage()) {
    if (std::isfinite(value)) size = std::max(size, std::abs(static_cast<double>(value)));
  }
  return largest_difference(trace, whole) <= 256 * static_cast<double>(std::numeric_limits<T>::epsilon()) * size;
}

template TileCount count_tiles(const std::vector<OnlinePanel<float>>&);
template TileCount count_tiles(const std::vector<OnlinePanel<double>>&);
template double largest_difference(const OnlineSoftmaxTrace<float>&, const Tensor<float>&);
template double largest_difference(const OnlineSoftmaxTrace<double>&, const Tensor<double>&);
template bool agrees(const OnlineSoftmaxTrace<float>&, const Tensor<float>&);
template bool agrees(const OnlineSoftmaxTrace<double>&, const Tensor<double>&);

}  // namespace attn::tools
