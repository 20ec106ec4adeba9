#include <attn/error.hpp>
#include <attn/io/csv.hpp>
#include <attn/io/csv_numbered.hpp>
#include <attn/io/csv_rows.hpp>
#include <attn/io/csv_trace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace attn::io {

namespace {

bool is_header(const std::vector<CsvCell>& cells) {
  return std::all_of(cells.begin(), cells.end(), [](const CsvCell& cell) {
    return parse_number(without_blanks(cell.text)).status == NumberStatus::not_a_number_text && !is_empty_cell(cell.text) &&
           !is_several_numbers(cell.text);
  });
}

// Commas and line ends, at the speed of reading the text: counts of runs that are short enough for one byte.
std::size_t separators_in(std::string_view text) {
  constexpr std::size_t run_length = 255;
  std::size_t separators = 0;
  while (!text.empty()) {
    const std::string_view run = text.substr(0, run_length);
    std::uint8_t in_run = 0;
    for (const char c : run) in_run = static_cast<std::uint8_t>(in_run + (c == ',' || c == '\n' ? 1 : 0));
    separators += in_run;
    text.remove_prefix(run.size());
  }
  return separators;
}

NamedArray read_matrix(CsvRows& rows, std::vector<CsvCell>& cells, bool more,
                       std::size_t expected_columns, std::size_t most_cells, const std::string& subject,
                       EmptyCells empty_cells) {
  std::vector<double> values;
  values.reserve(most_cells);
  std::vector<std::size_t> unfilled;
  bool all_integers = true;
  std::size_t row_count = 0;
  for (; more; more = rows.next(cells)) {
    if (cells.size() != expected_columns) {
      throw InputError(subject, fmt::format("line {} has {} cells, but the first line has {}", rows.line(),
                                            cells.size(), expected_columns));
    }
    for (std::size_t column = 0; column < cells.size(); ++column) {
      if (empty_cells == EmptyCells::allowed && is_empty_cell(cells[column].text)) {
        unfilled.push_back(values.size());
        values.push_back(std::nan(""));
        all_integers = false;
        continue;
      }
      const Number number = parse_cell(cells[column], rows, column, subject);
      all_integers = all_integers && number.is_integer;
      values.push_back(number.value);
    }
    ++row_count;
  }
  if (row_count == 0) throw InputError(subject, "is a CSV file without a row of numbers");
  Shape shape{row_count, expected_columns};
  if (!all_integers) return {"", make_array(std::move(values), std::move(shape)), std::move(unfilled)};
  return {"", make_array(std::vector<std::int64_t>(values.begin(), values.end()), std::move(shape))};
}

}  // namespace

std::vector<NamedArray> read_csv(std::string_view text, const std::string& subject,
                                 const MemoryLimit& limit, EmptyCells empty_cells) {
  const std::size_t most_cells = separators_in(text) + 1;
  limit.check(subject, most_cells, sizeof(double));
  CsvRows rows(text, subject);
  std::vector<CsvCell> cells;
  bool more = rows.next(cells);
  if (more && is_csv_trace_header(cells)) return read_csv_trace(rows, subject, empty_cells);
  if (more && is_csv_numbered_header(cells)) return read_csv_numbered(rows, std::vector<CsvCell>(cells), subject);
  const std::size_t columns = cells.size();
  if (more && is_header(cells)) more = rows.next(cells);
  return {read_matrix(rows, cells, more, columns, most_cells, subject, empty_cells)};
}

}  // namespace attn::io
