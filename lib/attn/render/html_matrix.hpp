// A panel as shaded HTML tables: one for every matrix shown, made to be read without a script.
#pragma once

#include <attn/render/document.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace attn::render {

/// A panel in one language.
struct PanelEdition {
  std::string language;  ///< "en"; the value of the attribute lang
  const Panel* panel;
  const Words* words;
};

struct HtmlPanelStyle {
  int decimals = 4;
  Extent extent{};
  std::size_t wordy_columns = 16;  ///< with more columns than this a cell shows its colour only
  std::string name{};              ///< what the elements are called: "weights" for weights[0,1,2,3]
};

/// The rules that the elements below need, for a page or a notebook's output; light and dark.
std::string_view html_matrix_css();

/// Figures of one table each. A cell has its shade as a class (p0 … p10, n1 … n10, u0 … u10 on a scale of one
/// sign), the text of CellFormat, and the number with all its digits as data-v; a figure has the index of its
/// matrix as data-at, "B=0 H=1". The editions show the same tensor; words that differ between them are given
/// in every language.
std::string html_panel(const std::vector<PanelEdition>& editions, const HtmlPanelStyle& style = {});

/// The same text in every language: once if all agree, else in elements that carry their lang.
std::string html_in_languages(const std::vector<std::string>& languages, const std::vector<std::string>& html,
                              const char* element = "span");

/// The largest extent whose cells, over all these shapes, stay within `cells`.
Extent fitting_extent(const std::vector<Shape>& shapes, std::size_t cells);

}  // namespace attn::render
