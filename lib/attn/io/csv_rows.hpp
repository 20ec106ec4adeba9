// The rows and cells of a CSV text (RFC 4180), and the numbers in them.
#pragma once

#include <attn/io/number.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// One cell. Most are a number and nothing else, which is seen while their end is looked for: then `number` is it,
/// or says that it is out of range. For parse_cell to find out otherwise.
struct CsvCell {
  std::string_view text;
  Number number{};
};

/// Walks over the rows. Lines end with LF or CRLF; a cell in double quotes may hold commas, line ends and
/// doubled quotes; a byte-order mark at the beginning and blank lines at the end are ignored.
class CsvRows {
 public:
  CsvRows(std::string_view text, std::string subject);

  /// The cells of the next row; false after the last. The cells point into the text, or into this
  /// object until the next call. Throws InputError, naming line and column, for a misplaced quote and
  /// for a blank line between rows.
  bool next(std::vector<CsvCell>& cells);

  /// The line, from 1, on which the row that next() gave begins.
  std::size_t line() const { return row_line_; }

  /// "line 3, column 2" for the cell at `column`, counted from 0.
  std::string place(std::size_t column) const;

 private:
  void read_cell(CsvCell& cell, std::size_t column);
  bool read_number(CsvCell& cell);
  std::string_view quoted_cell(std::size_t column);
  std::string_view plain_cell(std::size_t column);
  bool at_line_end() const {
    if (at_ == text_.size() || text_[at_] == '\n') return true;
    return text_[at_] == '\r' && text_.substr(at_, 2) == "\r\n";
  }

  std::string_view text_;
  std::string subject_;
  std::size_t at_ = 0;
  std::size_t line_ = 1, row_line_ = 0;
  std::deque<std::string> unescaped_;  // cells that held a doubled quote
};

/// The number in the cell at `column` of the current row, blanks around it ignored. Throws InputError,
/// naming the place, when it is none.
Number parse_cell(const CsvCell& cell, const CsvRows& rows, std::size_t column, const std::string& subject);

/// Whether a cell holds several numbers with something else than commas between them: a file of numpy.savetxt
/// with its own delimiter, or one with tabs or semicolons.
bool is_several_numbers(std::string_view cell);

/// The cell without the spaces and tabs around its text.
std::string_view without_blanks(std::string_view cell);

/// Whether nothing but blanks stands in the cell.
bool is_empty_cell(std::string_view cell);

}  // namespace attn::io
