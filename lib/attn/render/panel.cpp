#include <attn/render/panel.hpp>

#include <utility>

namespace attn::render {

Excerpt excerpt(std::size_t total, std::size_t limit) {
  if (total <= limit) return {total, 0, total};
  const std::size_t shown = limit == 0 ? 1 : limit;
  return {shown - shown / 2, shown / 2, total};
}

std::vector<std::size_t> places(const Excerpt& shown) {
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < shown.shown(); ++i) {
    if (i == shown.head && shown.has_gap()) list.push_back(gap);
    list.push_back(shown[i]);
  }
  if (shown.tail == 0 && shown.has_gap()) list.push_back(gap);
  return list;
}

std::string axis_label(std::string_view axis) {
  std::string label;
  for (const char letter : axis) label += letter == '*' ? std::string("·") : std::string(1, letter);
  return label;
}

std::string shape_line(const std::vector<std::string>& axes, const Shape& shape) {
  if (axes.size() != shape.size() || axes.empty()) return to_string(shape);
  std::string line = "(";
  for (std::size_t i = 0; i < axes.size(); ++i) line += (i > 0 ? ", " : "") + axis_label(axes[i]);
  return line + (axes.size() == 1 ? ",)" : ")") + " = " + to_string(shape);
}

Matrices::Matrices(const Panel& panel, const Words& words) : panel_(panel), words_(words) {
  const Shape& shape = panel.tensor.shape();
  const std::size_t rank = shape.size();
  if (rank >= 1) columns_ = shape[rank - 1];
  if (rank >= 2) rows_ = shape[rank - 2];
  for (std::size_t i = 0; i + 2 < rank; ++i) {
    count_ *= shape[i];
    if (shape[i] > 1) group_size_ = shape[i];
  }
}

std::string Matrices::axis(std::size_t from_right) const {
  const auto& axes = panel_.axes;
  return from_right < axes.size() ? axes[axes.size() - 1 - from_right] : std::string();
}

std::string Matrices::caption(std::size_t matrix) const {
  const Shape& shape = panel_.tensor.shape();
  std::string caption;
  std::size_t below = count_;  // matrices under one index of the axes seen so far
  for (std::size_t i = 0; i + 2 < shape.size(); ++i) {
    below /= shape[i];
    const std::size_t index = matrix / below % shape[i];
    if (shape[i] == 1) continue;
    const std::string letter = axis(shape.size() - 1 - i);
    const std::string name = letter == "B"    ? words_.batch
                             : letter == "H"  ? words_.head
                             : letter == "Hk" ? words_.kv_head
                                              : axis_label(letter);
    if (!caption.empty()) caption += words_.list_separator;
    caption += name + " " + std::to_string(index);
  }
  return caption;
}

namespace {

std::string label(const std::string& axis, std::size_t index) {
  // "1" names an axis that a reduction has left behind; its only index says nothing.
  if (axis == "1") return {};
  return axis.empty() ? std::to_string(index) : axis_label(axis) + " " + std::to_string(index);
}

std::string token(const std::vector<std::string>& tokens, std::size_t index) {
  return index < tokens.size() ? tokens[index] : std::string();
}

}  // namespace

std::string Matrices::row_label(std::size_t row) const {
  return panel_.tensor.rank() < 2 ? std::string() : label(axis(1), row);
}
std::string Matrices::column_label(std::size_t column) const {
  return panel_.tensor.rank() < 1 ? std::string() : label(axis(0), column);
}
std::string Matrices::row_token(std::size_t row) const { return token(panel_.row_labels, row); }
std::string Matrices::column_token(std::size_t column) const { return token(panel_.column_labels, column); }

namespace {

/// The numbers that will be shown, gathered. A worksheet must not betray them by its widths.
CellRange range_of(const PanelExcerpt& excerpt) {
  CellRange range;
  if (excerpt.panel.blank) return range;
  for (std::size_t m = 0; m < excerpt.shown_matrices.shown(); ++m) {
    for (std::size_t r = 0; r < excerpt.shown_rows.shown(); ++r) {
      for (std::size_t c = 0; c < excerpt.shown_columns.shown(); ++c) {
        range.see(
            excerpt.matrices.at(excerpt.shown_matrices[m], excerpt.shown_rows[r], excerpt.shown_columns[c]),
            excerpt.panel.tensor.precision());
      }
    }
  }
  return range;
}

}  // namespace

PanelExcerpt::PanelExcerpt(const Panel& shown_panel, const Extent& extent, int decimals,
                           const Words& shown_words)
    : panel(shown_panel),
      words(shown_words),
      matrices(shown_panel, shown_words),
      shown_matrices(excerpt(matrices.count(), extent.all ? gap : extent.matrices)),
      shown_rows(excerpt(matrices.rows(), extent.all ? gap : extent.rows)),
      shown_columns(excerpt(matrices.columns(), extent.all ? gap : extent.columns)),
      format(range_of(*this), decimals) {}

std::string PanelExcerpt::remark(std::size_t columns_shown) const {
  std::string parts;
  const auto add = [&](std::string part, std::size_t shown, std::size_t total) {
    if (shown == total) return;
    for (const auto& [name, number] : {std::pair{"{shown}", shown}, std::pair{"{total}", total}}) {
      const std::size_t at = part.find(name);
      if (at != std::string::npos) part.replace(at, std::string_view(name).size(), std::to_string(number));
    }
    parts += (parts.empty() ? words.shown_in_part : words.list_separator) + part;
  };
  add(words.some_matrices, shown_matrices.shown(), matrices.count());
  add(words.some_rows, shown_rows.shown(), matrices.rows());
  add(words.some_columns, columns_shown, matrices.columns());
  if (!parts.empty() && !words.way_to_show_all.empty()) parts += words.list_separator + words.way_to_show_all;
  return parts;
}

}  // namespace attn::render
