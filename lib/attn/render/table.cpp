#include <attn/render/table.hpp>

#include <attn/render/display_width.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/latex_text.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attn::render {
namespace {

/// A cell as people read it (column format), or with all digits (default format).
std::string cell_text(const Cell& cell, NumberFormat format) {
  if (const auto* word = std::get_if<std::string>(&cell)) return *word;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&cell)) return number_text(*number, format);
  if (const auto* truth = std::get_if<bool>(&cell)) return *truth ? "true" : "false";
  if (const auto* formula = std::get_if<Formula>(&cell)) return formula->text;
  return {};
}

const Cell& cell_at(const Table& table, std::size_t row, std::size_t column) {
  static const Cell nothing;
  const auto& cells = table.rows[row];
  return column < cells.size() ? cells[column] : nothing;
}

std::string shown(const Table& table, std::size_t row, std::size_t column) {
  return cell_text(cell_at(table, row, column), table.columns[column].format);
}

/// A cell of a format that sets mathematics between dollar signs and escapes everything else.
template <class Escape>
std::string typeset(const Table& table, std::size_t row, std::size_t column, Escape&& escape) {
  if (const auto* formula = std::get_if<Formula>(&cell_at(table, row, column))) return "$" + formula->latex + "$";
  return escape(shown(table, row, column));
}

const std::string& key_of(const Column& column) { return column.key.empty() ? column.title : column.key; }

constexpr std::size_t between_columns = 2;
constexpr std::size_t narrowest = 8;  ///< a wrapped column keeps at least this width

// The widest piece of a column that has no place to break at. Wide characters break anywhere.
std::size_t widest_word(const Table& table, std::size_t column) {
  std::size_t widest = 0;
  const auto see = [&](std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
      const char32_t character = take_character(text);
      const int columns = character_width(character);
      width = character == U' ' || character == U'\n' || columns > 1 ? 0 : width + static_cast<std::size_t>(columns);
      widest = std::max(widest, width);
    }
  };
  see(table.columns[column].title);
  for (std::size_t r = 0; r < table.rows.size(); ++r) see(shown(table, r, column));
  return widest;
}

std::vector<std::size_t> column_widths(const Table& table, std::size_t page) {
  std::vector<std::size_t> widths;
  std::size_t total = 0;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    std::size_t width = display_width(table.columns[c].title);
    for (std::size_t r = 0; r < table.rows.size(); ++r)
      width = std::max(width, display_width(shown(table, r, c)));
    widths.push_back(width);
    total += width + (c > 0 ? between_columns : 0);
  }
  // The widest left-aligned column gives way first; no column is so narrow that a word of it
  // breaks, unless the word is as wide as half a page.
  std::vector<std::size_t> least;
  for (std::size_t c = 0; c < table.columns.size(); ++c) least.push_back(std::max(narrowest, std::min(widest_word(table, c), page / 2)));
  while (total > page) {
    std::size_t* widest = nullptr;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (table.columns[c].alignment != Alignment::left || widths[c] <= least[c]) continue;
      if (widest == nullptr || widths[c] > *widest) widest = &widths[c];
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return widths;
}

/// One row of the table, as many lines as its tallest cell.
void append_row(std::string& text, const Table& table, const std::vector<std::size_t>& widths,
                const std::vector<std::string>& cells) {
  std::vector<std::vector<std::string>> lines;
  std::size_t height = 1;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    lines.push_back(wrap(cells[c], std::max<std::size_t>(widths[c], 1)));
    height = std::max(height, lines.back().size());
  }
  for (std::size_t i = 0; i < height; ++i) {
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (c > 0) line.append(between_columns, ' ');
      const std::string piece = i < lines[c].size() ? valid_utf8(lines[c][i]) : std::string();
      const bool right = table.columns[c].alignment == Alignment::right;
      line += right ? pad_left(piece, widths[c]) : pad_right(piece, widths[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
}

/// "head | body | end" of the formats that put a separator between cells and a mark at the row's end.
std::string joined_row(const std::vector<std::string>& cells, std::string_view begin,
                       std::string_view separator, std::string_view end) {
  std::string row(begin);
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (c > 0) row += separator;
    row += cells[c];
  }
  return row + std::string(end);
}

/// Calls write(cells) for the titles and then for every row.
template <class Spell, class Write>
void for_each_row(const Table& table, Spell&& spell, Write&& write) {
  std::vector<std::string> cells;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    cells.clear();
    for (std::size_t c = 0; c < table.columns.size(); ++c) cells.push_back(spell(r, c));
    write(cells);
  }
}

std::string json_cell(const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return "null";
  const auto* number = std::get_if<double>(&cell);
  const bool quoted = std::holds_alternative<std::string>(cell) || std::holds_alternative<Formula>(cell) ||
                      (number != nullptr && !std::isfinite(*number));
  return quoted ? json_string(cell_text(cell, {})) : cell_text(cell, {});
}

}  // namespace

std::size_t table_width(const Table& table, std::size_t width) {
  const std::vector<std::size_t> widths = column_widths(table, width);
  return std::accumulate(widths.begin(), widths.end(), (widths.empty() ? 0 : widths.size() - 1) * between_columns);
}

std::string table_text(const Table& table, std::size_t width) {
  const std::vector<std::size_t> widths = column_widths(table, width);
  std::string text;
  std::vector<std::string> titles;
  for (const Column& column : table.columns) titles.push_back(column.title);
  append_row(text, table, widths, titles);
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (c > 0) text.append(between_columns, ' ');
    for (std::size_t i = 0; i < widths[c]; ++i) text += "─";
  }
  text += "\n";
  for_each_row(
      table, [&](std::size_t r, std::size_t c) { return shown(table, r, c); },
      [&](const std::vector<std::string>& cells) { append_row(text, table, widths, cells); });
  return text;
}

std::string table_csv(const Table& table) {
  std::vector<std::string> titles;
  for (const Column& column : table.columns) titles.push_back(csv_field(key_of(column)));
  std::string text = joined_row(titles, "", ",", "\n");
  for_each_row(
      table, [&](std::size_t r, std::size_t c) { return csv_field(cell_text(cell_at(table, r, c), {})); },
      [&](const std::vector<std::string>& cells) { text += joined_row(cells, "", ",", "\n"); });
  return text;
}

std::string table_json(const Table& table) {
  std::string text = "[";
  for_each_row(
      table,
      [&](std::size_t r, std::size_t c) {
        return json_string(key_of(table.columns[c])) + ": " + json_cell(cell_at(table, r, c));
      },
      [&](const std::vector<std::string>& cells) {
        text += text.size() > 1 ? ",\n  " : "\n  ";
        text += joined_row(cells, "{", ", ", "}");
      });
  return text + (table.rows.empty() ? "]\n" : "\n]\n");
}

std::string table_markdown(const Table& table) {
  std::vector<std::string> titles, rules;
  for (const Column& column : table.columns) {
    titles.push_back(markdown_text(column.title));
    rules.push_back(column.alignment == Alignment::right ? "---:" : ":---");
  }
  std::string text = joined_row(titles, "| ", " | ", " |\n") + joined_row(rules, "| ", " | ", " |\n");
  for_each_row(
      table, [&](std::size_t r, std::size_t c) { return typeset(table, r, c, markdown_text); },
      [&](const std::vector<std::string>& cells) { text += joined_row(cells, "| ", " | ", " |\n"); });
  return text;
}

std::string table_latex(const Table& table) {
  std::string alignments;
  std::vector<std::string> titles;
  for (const Column& column : table.columns) {
    alignments += column.alignment == Alignment::right ? 'r' : 'l';
    titles.push_back(latex_text(column.title));
  }
  std::string text = "\\begin{tabular}{" + alignments + "}\n\\hline\n" +
                     joined_row(titles, "", " & ", " \\\\\n") + "\\hline\n";
  for_each_row(
      table, [&](std::size_t r, std::size_t c) { return typeset(table, r, c, latex_text); },
      [&](const std::vector<std::string>& cells) { text += joined_row(cells, "", " & ", " \\\\\n"); });
  return text + "\\hline\n\\end{tabular}\n";
}

}  // namespace attn::render
