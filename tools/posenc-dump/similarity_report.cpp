#include "similarity_report.hpp"

#include "words.hpp"

#include <fmt/format.h>

namespace attn::tools {

template <class T>
std::vector<render::Plot> similarity_plots(const std::string& title, const OutputOptions& output, const Similarity<T>& result) {
  const std::string position = posenc_word(output, "position");
  render::Plot curves{title, posenc_word(output, "distance"), posenc_word(output, "mean_product")};
  render::Curve curve{posenc_word(output, "mean_product"), {}, result.by_distance};
  for (std::size_t distance = 0; distance < result.by_distance.size(); ++distance) curve.x.push_back(static_cast<double>(distance));
  curves.curves.push_back(std::move(curve));
  return {{title, position, position, false, false, {}, {TensorView(result.dots)}}, curves};
}

template <class T>
render::Section similarity_section(const OutputOptions& output, const Similarity<T>& result) {
  render::Section section;
  section.name = "similarity";
  section.symbol = "S";
  section.formula = "P·Pᵀ";
  section.latex = "P P^{\\top}";
  section.panel = render::Panel{result.dots, shown_axes(output, {"position", "position"}), {}, {}, render::Shading::diverging, false};
  section.notes.push_back(posenc_word(output, "spread", {{"deviation", fmt::format("{:.2g}", result.spread)}}));
  section.notes.push_back(posenc_word(output, "monotone", {{"count", std::to_string(result.monotone_to)}, {"total", std::to_string(result.by_distance.size() - 1)}}));
  return section;
}

template std::vector<render::Plot> similarity_plots(const std::string&, const OutputOptions&, const Similarity<float>&);
template std::vector<render::Plot> similarity_plots(const std::string&, const OutputOptions&, const Similarity<double>&);
template render::Section similarity_section(const OutputOptions&, const Similarity<float>&);
template render::Section similarity_section(const OutputOptions&, const Similarity<double>&);

}  // namespace attn::tools
