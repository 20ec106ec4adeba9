#include <attn/error.hpp>
#include <attn/io/csv_rows.hpp>
#include <attn/io/names.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace attn::io {
namespace {

// Without a branch for each: whether a number has a minus sign cannot be foreseen.
bool begins_number(char c) { return (static_cast<unsigned char>(c - '0') <= 9) | (c == '-') | (c == '.'); }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

CsvRows::CsvRows(std::string_view text, std::string subject) : text_(text), subject_(std::move(subject)) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text_.substr(0, byte_order_mark.size()) == byte_order_mark) text_.remove_prefix(byte_order_mark.size());
  while (!text_.empty() && (text_.back() == '\n' || text_.back() == '\r')) text_.remove_suffix(1);
}

std::string CsvRows::place(std::size_t column) const {
  return fmt::format("line {}, column {}", row_line_, column + 1);
}

bool CsvRows::next(std::vector<CsvCell>& cells) {
  if (at_ >= text_.size()) return false;
  cells.clear();
  unescaped_.clear();
  row_line_ = line_;
  if (at_line_end())
    throw InputError(subject_, fmt::format("line {} is blank, but rows follow it", row_line_));
  for (;;) {
    const std::size_t column = cells.size();
    read_cell(cells.emplace_back(), column);
    if (at_line_end()) break;
    ++at_;  // the comma
  }
  // Past the line end, so that a text that ended here has no further row.
  at_ = at_ == text_.size() ? at_ : text_.find('\n', at_) + 1;
  ++line_;
  return true;
}

void CsvRows::read_cell(CsvCell& cell, std::size_t column) {
  const char first = at_ < text_.size() ? text_[at_] : '\0';
  if (begins_number(first) && read_number(cell)) return;
  cell.number = {};
  cell.text = first == '"' ? quoted_cell(column) : plain_cell(column);
}

// Reads a number up to the end of its cell; false, and nothing is read, when something else follows it.
bool CsvRows::read_number(CsvCell& cell) {
  const std::size_t begin = at_;
  at_ += parse_number_at_beginning(text_.substr(begin), cell.number);
  cell.text = text_.substr(begin, at_ - begin);
  if (at_ > begin && (at_line_end() || text_[at_] == ',')) return true;
  at_ = begin;
  return false;
}

std::string_view CsvRows::plain_cell(std::size_t column) {
  // Cells are short: a loop over their characters is faster than a search for three of them.
  std::size_t end = at_;
  while (end < text_.size() && text_[end] != ',' && text_[end] != '\n' && text_[end] != '"') ++end;
  if (end < text_.size() && text_[end] == '"')
    throw InputError(subject_, place(column) + ": a quote inside a cell without quotes");
  std::string_view cell = text_.substr(at_, end - at_);
  if (end < text_.size() && text_[end] == '\n' && !cell.empty() && cell.back() == '\r') cell.remove_suffix(1);
  at_ += cell.size();
  return cell;
}

std::string_view CsvRows::quoted_cell(std::size_t column) {
  const std::size_t begin = ++at_;
  bool doubled = false;
  for (;; ++at_) {
    if (at_ == text_.size()) throw InputError(subject_, place(column) + ": a quote is opened and not closed");
    if (text_[at_] == '\n') ++line_;
    if (text_[at_] != '"') continue;
    if (text_.substr(at_, 2) != "\"\"") break;
    doubled = true;
    ++at_;
  }
  const std::string_view raw = text_.substr(begin, at_ - begin);
  ++at_;
  if (!at_line_end() && text_[at_] != ',')
    throw InputError(subject_, place(column) + ": text after the closing quote");
  if (!doubled) return raw;
  std::string& cell = unescaped_.emplace_back();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    cell += raw[i];
    if (raw[i] == '"') ++i;
  }
  return cell;
}

bool is_several_numbers(std::string_view cell) {
  constexpr std::string_view separators = " \t;";
  std::size_t numbers = 0;
  while (true) {
    const std::size_t start = cell.find_first_not_of(separators);
    if (start == std::string_view::npos) return numbers > 1;
    cell.remove_prefix(start);
    const std::size_t end = std::min(cell.find_first_of(separators), cell.size());
    if (parse_number(cell.substr(0, end)).status == NumberStatus::not_a_number_text) return false;
    ++numbers;
    cell.remove_prefix(end);
  }
}

std::string_view without_blanks(std::string_view cell) {
  while (!cell.empty() && is_blank(cell.front())) cell.remove_prefix(1);
  while (!cell.empty() && is_blank(cell.back())) cell.remove_suffix(1);
  return cell;
}

bool is_empty_cell(std::string_view cell) { return without_blanks(cell).empty(); }

Number parse_cell(const CsvCell& cell, const CsvRows& rows, std::size_t column, const std::string& subject) {
  if (cell.number.status == NumberStatus::ok) return cell.number;
  const std::string_view trimmed = without_blanks(cell.text);
  const Number number = parse_number(trimmed);
  if (number.status == NumberStatus::ok) return number;
  const std::string found = trimmed.empty() ? "an empty cell" : in_quotes(cell.text);
  const char* problem =
      number.status == NumberStatus::out_of_range ? ", outside the range of float64" : "; expected a number";
  if (is_several_numbers(cell.text)) problem = "; separate numbers with commas";
  throw InputError(subject, fmt::format("{}: {}{}", rows.place(column), found, problem));
}

}  // namespace attn::io
