#include <attn/io/csv_numbered.hpp>

#include <attn/error.hpp>

#include <fmt/format.h>

#include <cmath>

namespace attn::io {
namespace {

constexpr std::size_t most_names = 3;  // two axes of matrices, and the rows

std::size_t names_in(const std::vector<CsvCell>& header) {
  std::size_t names = 0;
  while (names < header.size() && parse_number(without_blanks(header[names].text)).status == NumberStatus::not_a_number_text) ++names;
  return names;
}

// The numbers in front of a row, which count as an odometer does.
class Places {
 public:
  explicit Places(std::size_t axes) : last_(axes, -1), shape_(axes, 0) {}

  // Whether `place` is the next one.
  bool follows(const std::vector<std::int64_t>& place) {
    const std::size_t axes = place.size();
    if (last_[0] < 0) {
      first_row_ = place.back();
      for (std::size_t axis = 0; axis + 1 < axes; ++axis) {
        if (place[axis] != 0) return false;
      }
    } else {
      std::size_t turning = 0;
      while (turning < axes && place[turning] == last_[turning]) ++turning;
      if (turning == axes || place[turning] != last_[turning] + 1) return false;
      for (std::size_t axis = turning + 1; axis < axes; ++axis) {
        if (place[axis] != begin_of(axis, axes) || !is_full(axis, axes)) return false;
      }
    }
    last_ = place;
    return true;
  }

  // Sizes of the axes; empty when the last matrix is not complete.
  Shape shape() {
    for (std::size_t axis = 1; axis < last_.size(); ++axis) {
      if (!is_full(axis, last_.size())) return {};
    }
    shape_[0] = static_cast<std::size_t>(last_[0] - begin_of(0, last_.size())) + 1;
    return shape_;
  }

 private:
  std::int64_t begin_of(std::size_t axis, std::size_t axes) const { return axis + 1 == axes ? first_row_ : 0; }

  // Whether an axis that begins again has come as far as the first time.
  bool is_full(std::size_t axis, std::size_t axes) {
    const std::size_t size = static_cast<std::size_t>(last_[axis] - begin_of(axis, axes)) + 1;
    if (shape_[axis] == 0) shape_[axis] = size;
    return shape_[axis] == size;
  }

  std::vector<std::int64_t> last_;
  std::int64_t first_row_ = 0;
  Shape shape_;
};

}  // namespace

bool is_csv_numbered_header(const std::vector<CsvCell>& cells) {
  const std::size_t names = names_in(cells);
  if (names == 0 || names > most_names || names == cells.size()) return false;
  if (cells[names - 1].text != "position" && cells[names - 1].text != "row") return false;
  double last = -1;
  for (std::size_t column = names; column < cells.size(); ++column) {
    const Number number = parse_number(without_blanks(cells[column].text));
    if (!number.is_integer || !(number.value > last)) return false;
    last = number.value;
  }
  return true;
}

std::vector<NamedArray> read_csv_numbered(CsvRows& rows, const std::vector<CsvCell>& header, const std::string& subject) {
  const std::size_t names = names_in(header), columns = header.size() - names;
  const std::size_t width = header.size();
  Places places(names);
  std::vector<double> values;
  std::vector<std::int64_t> place(names);
  std::vector<CsvCell> cells;
  while (rows.next(cells)) {
    if (cells.size() != width) {
      throw InputError(subject, fmt::format("line {} has {} cells, but the first line has {}", rows.line(), cells.size(), width));
    }
    for (std::size_t axis = 0; axis < names; ++axis) {
      const Number number = parse_cell(cells[axis], rows, axis, subject);
      if (!number.is_integer || number.value < 0) throw InputError(subject, fmt::format("{}: expected the number of a row", rows.place(axis)));
      place[axis] = static_cast<std::int64_t>(number.value);
    }
    if (!places.follows(place)) {
      throw InputError(subject, fmt::format("line {}: rows are numbered from the first on, and this is not the next", rows.line()));
    }
    for (std::size_t column = names; column < width; ++column) values.push_back(parse_cell(cells[column], rows, column, subject).value);
  }
  if (values.empty()) throw InputError(subject, "is a CSV file without a row of numbers");
  Shape shape = places.shape();
  if (shape.empty()) throw InputError(subject, "ends before its last matrix is complete");
  shape.push_back(columns);
  return {{"", make_array(std::move(values), std::move(shape))}};
}

}  // namespace attn::io
