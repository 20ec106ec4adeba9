#include <attn/render/text_panel.hpp>

#include <attn/render/display_width.hpp>
#include <attn/render/heatmap.hpp>
#include <attn/render/panel.hpp>

#include <algorithm>
#include <cmath>

namespace attn::render {
namespace {

constexpr std::size_t between_matrices = 3;
constexpr std::size_t gap_width = 3;  ///< " … "
constexpr std::size_t longest_token = 12;
constexpr std::string_view blank_cell = "______";
constexpr int red = 160;

std::size_t token_width(const std::string& token) { return std::min(display_width(token), longest_token); }

/// One matrix, or a block of its columns; and how much of a line it takes.
struct Tile {
  std::size_t matrix;
  std::vector<std::size_t> columns;
  std::size_t width = 0;
};

class PanelWriter {
 public:
  PanelWriter(Buffer& buffer, const Panel& panel, const TextStyle& style, std::size_t indent)
      : buffer_(buffer),
        style_(style),
        indent_(indent),
        shown_(panel, style.extent, style.decimals, style.words) {
    choose_widths();
  }

  void write();

 private:
  void choose_widths();
  std::string caption_text(std::size_t matrix) const { return shown_.matrices.caption(matrix); }
  std::size_t width_of(const Tile& tile) const;
  std::vector<std::vector<std::size_t>> column_blocks() const;

  void write_tiles(const std::vector<Tile>& tiles);
  // Each writes its piece behind the line, and says how many columns that is: escape sequences take none.
  std::size_t add_caption(std::string& line, const Tile& tile) const;
  std::size_t add_header(std::string& line, const Tile& tile, bool tokens) const;
  std::size_t add_row(std::string& line, const Tile& tile, std::size_t row, std::string_view left, std::string_view right) const;
  std::string cell(std::size_t matrix, std::size_t row, std::size_t column) const;
  std::string label(std::size_t row) const;
  std::string quiet(const std::string& text) const { return style_.color ? dimmed(text) : text; }

  Buffer& buffer_;
  const TextStyle& style_;
  const std::size_t indent_;
  const PanelExcerpt shown_;
  std::size_t label_width_ = 0;  ///< of "Lq 0"
  std::size_t token_width_ = 0;
  std::size_t left_width_ = 1;  ///< everything before the first cell: label, token, bracket
  std::size_t cell_width_ = 0;  ///< without the space on either side
};

/// From the numbers and labels that are shown.
void PanelWriter::choose_widths() {
  cell_width_ = shown_.panel.blank ? blank_cell.size() : shown_.format.width();
  for (std::size_t i = 0; i < shown_.shown_rows.shown(); ++i) {
    label_width_ = std::max(label_width_, display_width(shown_.matrices.row_label(shown_.shown_rows[i])));
    token_width_ = std::max(token_width_, token_width(shown_.matrices.row_token(shown_.shown_rows[i])));
  }
  for (std::size_t i = 0; i < shown_.shown_columns.shown(); ++i) {
    const std::size_t c = shown_.shown_columns[i];
    cell_width_ = std::max({cell_width_, display_width(shown_.matrices.column_label(c)),
                            token_width(shown_.matrices.column_token(c))});
  }
  left_width_ = label_width_ + (label_width_ > 0) + token_width_ + (token_width_ > 0) + 1;
}

std::size_t PanelWriter::width_of(const Tile& tile) const {
  std::size_t width = left_width_ + 1;
  for (const std::size_t c : tile.columns) width += c == gap ? gap_width : cell_width_ + 2;
  return std::max(width, left_width_ + 1 + display_width(caption_text(tile.matrix)));
}

/// The columns of each block: one block unless everything is shown and the page is too narrow.
std::vector<std::vector<std::size_t>> PanelWriter::column_blocks() const {
  const std::size_t taken = indent_ + left_width_ + 1;
  const std::size_t room = style_.width > taken ? style_.width - taken : 0;
  const std::size_t fitting = std::max<std::size_t>(room / (cell_width_ + 2), 1);
  if (!style_.extent.all) {
    if (shown_.shown_columns.shown() <= fitting && !shown_.shown_columns.has_gap())
      return {places(shown_.shown_columns)};
    const std::size_t beside_gap = room > gap_width ? (room - gap_width) / (cell_width_ + 2) : 1;
    return {places(excerpt(shown_.matrices.columns(), std::min(beside_gap, style_.extent.columns)))};
  }
  std::vector<std::vector<std::size_t>> blocks;
  for (std::size_t c = 0; c < shown_.matrices.columns(); ++c) {
    if (c % fitting == 0) blocks.emplace_back();
    blocks.back().push_back(c);
  }
  return blocks;
}

void PanelWriter::write() {
  const auto blocks = column_blocks();
  std::vector<Tile> line;
  std::size_t used = indent_;
  const auto end_line = [&] {
    if (!line.empty()) write_tiles(line);
    line.clear();
    used = indent_;
  };
  for (const std::size_t m : places(shown_.shown_matrices)) {
    if (m == gap) {
      end_line();
      buffer_.append(std::string(indent_, ' ') + "⋮\n\n");
      continue;
    }
    if (m % shown_.matrices.group_size() == 0) end_line();
    for (const auto& columns : blocks) {
      Tile tile{m, columns};
      tile.width = width_of(tile);
      if (blocks.size() > 1 || used + tile.width > style_.width) end_line();
      used += tile.width + between_matrices;
      line.push_back(std::move(tile));
    }
  }
  end_line();
  if (style_.extent.all) return;
  const auto columns_shown =
      std::count_if(blocks[0].begin(), blocks[0].end(), [](auto c) { return c != gap; });
  const std::string remark = shown_.remark(static_cast<std::size_t>(columns_shown));
  if (remark.empty()) return;
  const std::size_t room = style_.width - std::min(style_.width, indent_);
  for (const std::string& part : wrap("(" + remark + ")", room)) buffer_.append(std::string(indent_, ' ') + quiet(part) + "\n");
  buffer_.append("\n");
}

/// Matrices side by side: line by line through all of them.
void PanelWriter::write_tiles(const std::vector<Tile>& tiles) {
  std::string line;
  const auto write_line = [&](auto&& add_part) {
    line.assign(indent_, ' ');
    std::size_t missing = 0;  // columns between the end of one part and the start of the next
    for (const Tile& tile : tiles) {
      line.append(missing, ' ');
      missing = tile.width - add_part(tile) + between_matrices;
    }
    // A scalar, and an axis that a reduction left behind, have no names to print above them.
    if (line.find_first_not_of(' ') == std::string::npos) return;
    line += '\n';
    buffer_.append(line);
  };
  if (!caption_text(tiles.front().matrix).empty()) {
    write_line([&](const Tile& tile) { return add_caption(line, tile); });
  }
  write_line([&](const Tile& tile) { return add_header(line, tile, false); });
  if (!shown_.panel.column_labels.empty()) write_line([&](const Tile& tile) { return add_header(line, tile, true); });

  const std::vector<std::size_t> rows = places(shown_.shown_rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool first = i == 0, last = i + 1 == rows.size();
    const std::string_view left = first && last ? "[" : first ? "⎡" : last ? "⎣" : "⎢";
    const std::string_view right = first && last ? "]" : first ? "⎤" : last ? "⎦" : "⎥";
    write_line([&](const Tile& tile) { return add_row(line, tile, rows[i], left, right); });
  }
  buffer_.append('\n');
}

std::size_t PanelWriter::add_caption(std::string& line, const Tile& tile) const {
  const std::string text = caption_text(tile.matrix);
  line.append(left_width_ + 1, ' ');
  line += style_.color ? bold(text) : text;
  return left_width_ + 1 + display_width(text);
}

std::size_t PanelWriter::add_header(std::string& line, const Tile& tile, bool tokens) const {
  std::string text(left_width_, ' ');
  for (const std::size_t c : tile.columns) {
    if (c == gap) {
      text.append(gap_width, ' ');
      continue;
    }
    const std::string label = tokens ? clip(shown_.matrices.column_token(c), longest_token) : shown_.matrices.column_label(c);
    text.append(1 + cell_width_ - std::min(cell_width_, display_width(label)), ' ');
    text += label;
    text += ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  line += tokens ? text : quiet(text);
  return display_width(text);
}

std::size_t PanelWriter::add_row(std::string& line, const Tile& tile, std::size_t row, std::string_view left,
                                 std::string_view right) const {
  line += label(row);
  line += left;
  std::size_t width = left_width_ + 1;
  for (const std::size_t c : tile.columns) {
    if (c == gap) {
      line += row == gap ? "   " : " … ";
    } else {
      line += cell(tile.matrix, row, c);
    }
    width += c == gap ? gap_width : cell_width_ + 2;
  }
  line += right;
  return width;
}

std::string PanelWriter::label(std::size_t row) const {
  const std::string axis = row == gap ? std::string() : shown_.matrices.row_label(row);
  const std::string token = row == gap ? std::string() : clip(shown_.matrices.row_token(row), longest_token);
  std::string text;
  if (label_width_ > 0) text += quiet(pad_left(axis, label_width_)) + " ";
  if (token_width_ > 0) text += pad_right(token, token_width_) + " ";
  return text;
}

std::string PanelWriter::cell(std::size_t matrix, std::size_t row, std::size_t column) const {
  if (shown_.panel.blank) return " " + pad_left(row == gap ? "⋮" : blank_cell, cell_width_) + " ";
  if (row == gap) return " " + quiet(pad_left(shown_.format.aligned_mark("⋮"), cell_width_)) + " ";
  const double value = shown_.matrices.at(matrix, row, column);
  const std::string number = shown_.format.aligned(value, shown_.panel.tensor.precision());  // ASCII
  std::string text(1 + cell_width_ - std::min(cell_width_, number.size()), ' ');
  text += number;
  text += ' ';
  if (!style_.color) return text;
  if (std::isnan(value)) return coloured(text, red);
  if (const auto shade = shade_of(value, shown_.panel.shading, shown_.format.largest()))
    return shaded(text, *shade);
  return std::isinf(value) ? dimmed(text) : text;
}

}  // namespace

void write_text_panel(Buffer& buffer, const Panel& panel, const TextStyle& style, std::size_t indent) {
  if (panel.tensor.size() == 0) {
    buffer.append(std::string(indent, ' ') + "(" + style.words.no_elements + ")\n\n");
    return;
  }
  PanelWriter(buffer, panel, style, indent).write();
}

}  // namespace attn::render
