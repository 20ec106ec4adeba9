// The rows and cells of a CSV text (RFC 4180), and the numbers in them.
#pragma once

#include <attn/io/number.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// Walks over the rows. Lines end with LF or CRLF; a cell in double quotes may hold commas, line ends and
/// doubled quotes; a byte-order mark at the beginning and blank lines at the end are ignored.
class CsvRows {
 public:
  CsvRows(std::string_view text, std::string subject);

  /// The cells of the next row; false after the last. The cells point into the text, or into this
  /// object until the next call. Throws InputError, naming line and column, for a misplaced quote and
  /// for a blank line between rows.
  bool next(std::vector<std::string_view>& cells);

  /// The line, from 1, on which the row that next() gave begins.
  std::size_t line() const { return row_line_; }

  /// "line 3, column 2" for the cell at `column`, counted from 0.
  std::string place(std::size_t column) const;

 private:
  std::string_view quoted_cell(std::size_t column);
  std::string_view plain_cell(std::size_t column);
  bool at_line_end() const;

  std::string_view text_;
  std::string subject_;
  std::size_t at_ = 0;
  std::size_t line_ = 1, row_line_ = 0;
  std::deque<std::string> unescaped_;  // cells that held a doubled quote
};

/// The number in the cell at `column` of the current row, blanks around it ignored. Throws InputError,
/// naming the place, when it is none.
Number parse_cell(std::string_view cell, const CsvRows& rows, std::size_t column, const std::string& subject);

/// Whether nothing but blanks stands in the cell.
bool is_empty_cell(std::string_view cell);

}  // namespace attn::io
