// A table of words and numbers, and its renderings. Tables are small: they are returned as strings.
#pragma once

#include <attn/render/number.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace attn::render {

enum class Alignment { left, right };

struct Column {
  std::string title;
  Alignment alignment = Alignment::left;
  std::string key{};      ///< name in CSV and JSON; empty: the title
  NumberFormat format{};  ///< of floating-point cells for people; CSV and JSON always read back
};

/// A formula: LaTeX and Markdown set it as mathematics, the other formats print its text.
struct Formula {
  std::string text;   ///< "n²·d"
  std::string latex;  ///< "n^{2} d"
};

/// Nothing, a word, a number, a truth value or a formula.
using Cell = std::variant<std::monostate, std::string, std::int64_t, double, bool, Formula>;

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< each with as many cells as there are columns, or fewer
};

/// Aligned by display width under a rule; cells of left-aligned columns are wrapped if the table would
/// be wider than `width` columns; words wider than half of that may be broken.
std::string table_text(const Table& table, std::size_t width = 100);
/// The columns that table_text() takes: more than `width` where words and numbers leave no other choice.
std::size_t table_width(const Table& table, std::size_t width);
/// A header line and a line a row, RFC 4180.
std::string table_csv(const Table& table);
/// An array of objects; an empty cell is null. Not finite: the strings "NaN", "Infinity", "-Infinity".
std::string table_json(const Table& table);
std::string table_markdown(const Table& table);
/// A tabular environment.
std::string table_latex(const Table& table);

}  // namespace attn::render
