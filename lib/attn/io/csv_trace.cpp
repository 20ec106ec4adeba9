#include <attn/error.hpp>
#include <attn/io/csv_trace.hpp>
#include <attn/io/names.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

namespace attn::io {
namespace {

constexpr std::array<std::string_view, 6> header{"step", "batch", "head", "row", "col", "value"};
constexpr std::size_t index_columns = 4, first_index = 1, value_column = 5;

struct Cell {
  std::array<std::size_t, index_columns> index;  // 0 on an axis that the step does not have
  double value;  // NaN in an empty cell
  bool filled;
  std::size_t line;
};

struct StepCells {
  std::string name;
  std::array<bool, index_columns> has_axis;
  std::vector<Cell> cells;
};

// Empty for an empty cell.
std::optional<std::size_t> parse_index(const CsvCell& given, const CsvRows& rows, std::size_t column, const std::string& subject) {
  const std::string_view cell = given.text;
  if (cell.empty()) return std::nullopt;
  constexpr double exact = 0x1p53;  // from here on two integers can be the same double
  if (given.number.is_integer && given.number.value >= 0 && given.number.value < exact) return static_cast<std::size_t>(given.number.value);
  std::size_t index = 0;
  const char* end = cell.data() + cell.size();
  const auto parsed = std::from_chars(cell.data(), end, index);
  if (parsed.ec != std::errc{} || parsed.ptr != end) {
    throw InputError(subject, fmt::format("{}: {}; expected an index from 0, or an empty cell",
                                          rows.place(column), in_quotes(cell)));
  }
  return index;
}

void add_row(StepCells& step, const std::vector<CsvCell>& row, const CsvRows& rows,
             const std::string& subject, EmptyCells empty_cells) {
  const bool filled = empty_cells == EmptyCells::refused || !is_empty_cell(row[value_column].text);
  const double value = filled ? parse_cell(row[value_column], rows, value_column, subject).value : std::nan("");
  Cell cell{{}, value, filled, rows.line()};
  for (std::size_t i = 0; i < index_columns; ++i) {
    const auto index = parse_index(row[first_index + i], rows, first_index + i, subject);
    if (step.cells.empty()) step.has_axis[i] = index.has_value();
    if (step.has_axis[i] != index.has_value()) {
      throw InputError(subject, fmt::format("{}: {} is {}, unlike in the earlier rows of step {}",
                                            rows.place(first_index + i), header[first_index + i],
                                            index ? "given" : "empty", in_quotes(step.name)));
    }
    cell.index[i] = index.value_or(0);
  }
  step.cells.push_back(cell);
}

// Sizes follow from the largest index on each axis; every element must then be there exactly once.
NamedArray assemble(const StepCells& step, const std::string& subject) {
  std::array<std::size_t, index_columns> size{};
  for (const Cell& cell : step.cells) {
    for (std::size_t i = 0; i < index_columns; ++i) size[i] = std::max(size[i], cell.index[i]);
  }
  Shape shape;
  bool countable = true;
  for (std::size_t i = 0; i < index_columns; ++i) {
    countable = countable && !__builtin_add_overflow(size[i], std::size_t{1}, &size[i]);
    if (step.has_axis[i]) shape.push_back(size[i]);
  }
  const auto count = countable ? element_count(shape) : std::nullopt;
  if (!count || *count > step.cells.size()) {
    throw InputError(
        subject, fmt::format("step {} has {} rows, but its largest indices make it {}: elements are missing",
                             in_quotes(step.name), step.cells.size(), to_string(shape)));
  }
  std::vector<double> values(*count);
  std::vector<std::size_t> line_of(*count, 0), unfilled;
  for (const Cell& cell : step.cells) {
    std::size_t flat = 0;
    for (std::size_t i = 0; i < index_columns; ++i) flat = flat * size[i] + cell.index[i];
    if (line_of[flat] != 0) {
      throw InputError(subject, fmt::format("line {} gives an element of step {} again that line {} gave",
                                            cell.line, in_quotes(step.name), line_of[flat]));
    }
    values[flat] = cell.value;
    if (!cell.filled) unfilled.push_back(flat);
    line_of[flat] = cell.line;
  }
  std::sort(unfilled.begin(), unfilled.end());
  return {step.name, make_array(std::move(values), std::move(shape)), std::move(unfilled)};
}

}  // namespace

bool is_csv_trace_header(const std::vector<CsvCell>& cells) {
  return std::equal(cells.begin(), cells.end(), header.begin(), header.end(),
                    [](const CsvCell& cell, std::string_view title) { return cell.text == title; });
}

std::vector<NamedArray> read_csv_trace(CsvRows& rows, const std::string& subject, EmptyCells empty_cells) {
  std::vector<StepCells> steps;
  std::map<std::string, std::size_t, std::less<>> position;
  std::vector<CsvCell> row;
  while (rows.next(row)) {
    if (row.size() != header.size()) {
      throw InputError(subject, fmt::format("line {} has {} cells, but the first line has {}", rows.line(),
                                            row.size(), header.size()));
    }
    auto found = position.find(row[0].text);
    if (found == position.end()) {
      found = position.emplace(std::string(row[0].text), steps.size()).first;
      steps.push_back({std::string(row[0].text), {}, {}});
    }
    add_row(steps[found->second], row, rows, subject, empty_cells);
  }
  if (steps.empty()) throw InputError(subject, "is a trace without any row");
  std::vector<NamedArray> arrays;
  for (const StepCells& step : steps) arrays.push_back(assemble(step, subject));
  return arrays;
}

}  // namespace attn::io
