#include <attn/render/html_matrix.hpp>

#include <attn/render/embedded.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/number.hpp>
#include <attn/render/panel.hpp>

#include <algorithm>
#include <cmath>

namespace attn::render {
namespace {

constexpr int levels = 10;

/// The class of a cell: "u7", "n3"; "q" for what is not finite, none where nothing is shaded.
std::string shade_class(double value, Shading shading, double largest) {
  if (!std::isfinite(value)) return "q";
  if (shading == Shading::none) return {};
  const double full = shading == Shading::unit ? 1 : largest;
  const double share = full > 0 ? std::min(std::abs(value) / full, 1.0) : 0;
  const int level = static_cast<int>(std::lround(share * levels));
  const char* scale = shading == Shading::unit ? "u" : value < 0 ? "n" : "p";
  return level == 0 ? std::string() : scale + std::to_string(level);
}

/// The panels of all editions, which differ in nothing but words.
class PanelWriter {
 public:
  PanelWriter(const std::vector<PanelEdition>& editions, const HtmlPanelStyle& style) : style_(style) {
    for (const PanelEdition& edition : editions) {
      languages_.push_back(edition.language);
      shown_.emplace_back(*edition.panel, style.extent, style.decimals, *edition.words);
    }
    for (const std::size_t column : places(first().shown_columns)) wordy_columns_ += column != gap;
    wordy_ = wordy_columns_ <= style.wordy_columns;
  }

  std::string html() const {
    std::string html = "<div class=\"attn-panel" + std::string(wordy_ ? "" : " attn-dense") + "\" data-name=\"" + html_text(style_.name) + "\">";
    for (const std::size_t m : places(first().shown_matrices)) html += m == gap ? "<p class=gap>⋮</p>" : figure(m);
    const std::string remark = in_languages([](const PanelExcerpt& e) { return e.remark(e.shown_columns.shown()); });
    if (!remark.empty()) html += "<p class=attn-remark>" + remark + "</p>";
    return html + "</div>\n";
  }

 private:
  const PanelExcerpt& first() const { return shown_.front(); }

  template <class F>
  std::string in_languages(F&& text_of) const {
    std::vector<std::string> texts;
    for (const PanelExcerpt& excerpt : shown_) texts.push_back(html_text(text_of(excerpt)));
    return html_in_languages(languages_, texts);
  }

  /// "B=0 H=1": every axis before the last two, by its letter or its number.
  std::string place_of(std::size_t matrix) const {
    const Shape& shape = first().panel.tensor.shape();
    const auto& axes = first().panel.axes;
    std::string text;
    std::size_t below = first().matrices.count();
    for (std::size_t i = 0; i + 2 < shape.size(); ++i) {
      below /= shape[i];
      const std::string letter = axes.size() == shape.size() ? axes[i] : std::to_string(i);
      text += (text.empty() ? "" : " ") + letter + "=" + std::to_string(matrix / below % shape[i]);
    }
    return text;
  }

  std::string figure(std::size_t matrix) const {
    std::string html = "<figure data-at=\"" + html_text(place_of(matrix)) + "\">";
    const std::string caption = in_languages([matrix](const PanelExcerpt& e) { return e.matrices.caption(matrix); });
    if (!caption.empty()) html += "<figcaption>" + caption + "</figcaption>";
    html += "<div class=attn-scroll><table class=attn-matrix><thead><tr><th>" + header();
    for (const std::size_t r : places(first().shown_rows)) html += row(matrix, r);
    return html + "</table></div></figure>";
  }

  std::string header() const {
    std::string html;
    for (const std::size_t c : places(first().shown_columns)) {
      if (c == gap) {
        html += "<th>…";
        continue;
      }
      html += "<th data-i=" + std::to_string(c) + " scope=col>" + label(c, &Matrices::column_label, &Matrices::column_token);
    }
    return html + "<tbody>";
  }

  std::string label(std::size_t index, std::string (Matrices::*axis)(std::size_t) const,
                    std::string (Matrices::*token)(std::size_t) const) const {
    const std::string word = html_text((first().matrices.*token)(index));
    if (!word.empty()) return "<b>" + word + "</b>";
    return in_languages([&](const PanelExcerpt& e) { return (e.matrices.*axis)(index); });
  }

  std::string row(std::size_t matrix, std::size_t r) const {
    if (r == gap) return "<tr class=gap><th>⋮";
    std::string html = "<tr data-i=" + std::to_string(r) + "><th scope=row>" + label(r, &Matrices::row_label, &Matrices::row_token);
    for (const std::size_t c : places(first().shown_columns)) html += c == gap ? "<td class=gap>…" : cell(matrix, r, c);
    return html;
  }

  std::string cell(std::size_t matrix, std::size_t r, std::size_t c) const {
    const Panel& panel = first().panel;
    if (panel.blank) return "<td class=blank>";
    const std::size_t flat = first().matrices.flat(matrix, r, c);
    const double value = panel.tensor[flat];
    const std::string shade = shade_class(value, panel.shading, first().format.largest());
    const std::string text = first().format.text(value, panel.tensor.precision());
    const std::string exact = number_text(panel.tensor, flat);
    return "<td" + (shade.empty() ? "" : " class=" + shade) + (wordy_ && exact == text ? "" : " data-v=" + exact) + ">" + (wordy_ ? text : "");
  }

  HtmlPanelStyle style_;
  std::vector<std::string> languages_;
  std::vector<PanelExcerpt> shown_;
  std::size_t wordy_columns_ = 0;
  bool wordy_ = true;
};

std::size_t cells_of(const Shape& shape, const Extent& extent) {
  std::size_t rows = 1, columns = 1, matrices = 1;
  if (!shape.empty()) columns = shape.back();
  if (shape.size() >= 2) rows = shape[shape.size() - 2];
  for (std::size_t i = 0; i + 2 < shape.size(); ++i) matrices *= shape[i];
  return std::min(matrices, extent.matrices) * std::min(rows, extent.rows) * std::min(columns, extent.columns);
}

}  // namespace

std::string_view html_matrix_css() { return embedded_matrix_css; }

std::string html_in_languages(const std::vector<std::string>& languages, const std::vector<std::string>& html, const char* element) {
  if (std::all_of(html.begin(), html.end(), [&](const std::string& one) { return one == html.front(); })) {
    return html.empty() || html.front().empty() ? std::string() : std::string(element) == "span" ? html.front() : "<" + std::string(element) + ">" + html.front() + "</" + element + ">";
  }
  std::string all;
  for (std::size_t i = 0; i < html.size(); ++i) {
    if (!html[i].empty()) all += "<" + std::string(element) + " lang=\"" + html_text(languages[i]) + "\">" + html[i] + "</" + element + ">";
  }
  return all;
}

std::string html_panel(const std::vector<PanelEdition>& editions, const HtmlPanelStyle& style) {
  if (editions.front().panel->tensor.size() > 0) return PanelWriter(editions, style).html();
  std::vector<std::string> languages, texts;
  for (const PanelEdition& edition : editions) {
    languages.push_back(edition.language);
    texts.push_back(html_text(edition.words->no_elements));
  }
  return "<p class=attn-remark>" + html_in_languages(languages, texts) + "</p>\n";
}

Extent fitting_extent(const std::vector<Shape>& shapes, std::size_t cells) {
  Extent extent;
  extent.matrices = 64;
  extent.rows = extent.columns = 128;
  const auto total = [&] {
    std::size_t sum = 0;
    for (const Shape& shape : shapes) sum += cells_of(shape, extent);
    return sum;
  };
  while (total() > cells && extent.rows > 4) {
    if (extent.rows > 32 || extent.matrices <= 8) {
      extent.rows = extent.rows * 3 / 4;
      extent.columns = extent.rows;
    } else {
      extent.matrices = extent.matrices * 3 / 4;
    }
  }
  return extent;
}

}  // namespace attn::render
