#include <attn/render/csv.hpp>

#include <attn/error.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/rows.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace attn::render {
namespace {

enum Place { batch, head, row, column, place_count };

/// Which axis of the tensor stands at each place of a line; −1: none.
std::array<int, place_count> axis_at_place(const std::vector<std::string>& axes, std::size_t rank) {
  std::array<int, place_count> axis_at{-1, -1, -1, -1};
  if (rank >= 1) axis_at[column] = static_cast<int>(rank) - 1;
  if (rank >= 2) axis_at[row] = static_cast<int>(rank) - 2;
  const auto take = [&](Place wanted, std::size_t axis) {
    const Place other = wanted == batch ? head : batch;
    axis_at[axis_at[wanted] < 0 ? wanted : other] = static_cast<int>(axis);
  };
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) {
    const std::string letter = axes.size() == rank ? axes[axis] : std::string();
    if (letter == "B") take(batch, axis);
    if (letter == "H" || letter == "Hk") take(head, axis);
  }
  const auto is_placed = [&](std::size_t axis) {
    return axis_at[batch] == static_cast<int>(axis) || axis_at[head] == static_cast<int>(axis);
  };
  for (std::size_t axis = rank; axis-- > 0;) {
    if (axis + 2 >= rank || is_placed(axis)) continue;
    // Without letters, (2, 3, 4) is a batch of matrices and (2, 4, 3, 5) a batch of heads.
    take(rank == 4 && axis == 1 ? head : batch, axis);
  }
  return axis_at;
}

constexpr std::size_t usual_place_size = 16;  // "0,11,127,127," with the comma after the step

char* write_index(char* to, std::size_t index) { return std::to_chars(to, to + 20, index).ptr; }

/// "batch,head,row," of the row with that number.
void append_place(std::string& prefix, std::size_t row_number, const Shape& shape, const std::array<int, place_count>& axis_at) {
  std::array<std::size_t, 4> index{};
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (static_cast<int>(axis) == axis_at[column]) continue;
    index[axis] = row_number % shape[axis];
    row_number /= shape[axis];
  }
  for (const Place place : {batch, head, row}) {
    if (axis_at[place] >= 0) prefix += std::to_string(index[static_cast<std::size_t>(axis_at[place])]);
    prefix += ',';
  }
}

/// The elements of one row, each after its prefix "step,batch,head,row," and its column.
template <class T>
void write_tidy_row(Buffer& buffer, std::string_view prefix, bool has_column, const T* values,
                    std::size_t columns, NumberFormat format, Cells cells, const double* beside) {
  const std::size_t room = prefix.size() + 25 + 2 * number_room(format);
  for (std::size_t c = 0; c < columns; ++c) {
    char* to = buffer.reserve(room);
    std::memcpy(to, prefix.data(), prefix.size());
    to += prefix.size();
    if (has_column) to = write_index(to, c);
    *to++ = ',';
    if (cells == Cells::filled) to = write_number(to, values[c], format);
    if (beside) *to++ = ',';
    if (beside && !std::isnan(beside[c])) to = write_number(to, beside[c], format);
    *to++ = '\n';
    buffer.commit(to);
  }
}

template <class T>
void write_row(Buffer& text, const T* values, std::size_t columns, NumberFormat format, Cells cells) {
  const std::size_t room = number_room(format) + 1;
  for (std::size_t c = 0; c < columns; ++c) {
    char* to = text.reserve(room);
    if (cells == Cells::filled) to = write_number(to, values[c], format);
    *to++ = c + 1 == columns ? '\n' : ',';
    text.commit(to);
  }
}

}  // namespace

TidyCsv::TidyCsv(Output& output, NumberFormat format, std::string_view second) : buffer_(output), format_(format) {
  buffer_.append("step,batch,head,row,col,value" + (second.empty() ? "" : "," + csv_field(second)) + "\n");
}

void TidyCsv::add(std::string_view step, const std::vector<std::string>& axes, const TensorView& tensor, Cells cells, const std::vector<double>& beside) {
  const Shape& shape = tensor.shape();
  if (shape.size() > 4) {
    throw ShapeError(std::string(step), "a CSV line has room for 4 axes, this tensor has " +
                                            std::to_string(shape.size()) + ": " + to_string(shape));
  }
  if (tensor.size() == 0) return;
  const std::array<int, place_count> axis_at = axis_at_place(axes, shape.size());
  const std::size_t columns = axis_at[column] < 0 ? 1 : shape.back();
  const std::string name = csv_field(step);
  const std::size_t line_size = name.size() + usual_place_size + usual_size(format_) * (beside.empty() ? 1 : 2);
  append_rows(buffer_, tensor.size() / columns, columns * line_size, [&](Buffer& text, std::size_t first, std::size_t last) {
    std::string prefix;
    for (std::size_t r = first; r < last; ++r) {
      prefix = name + ",";
      append_place(prefix, r, shape, axis_at);
      const std::size_t flat = r * columns;
      tensor.with_numbers([&](const auto* values) {
        write_tidy_row(text, prefix, axis_at[column] >= 0, values + flat, columns, format_, cells,
                       beside.empty() ? nullptr : beside.data() + flat);
      });
    }
  });
}

void TidyCsv::finish() { buffer_.flush(); }

void write_csv_matrix(Output& output, const TensorView& tensor, NumberFormat format, Cells cells) {
  Buffer buffer(output);
  const std::size_t columns = tensor.rank() == 0 ? 1 : tensor.shape().back();
  const std::size_t rows = columns == 0 ? 0 : tensor.size() / columns;
  append_rows(buffer, rows, columns * usual_size(format), [&](Buffer& text, std::size_t first, std::size_t last) {
    tensor.with_numbers([&](const auto* values) {
      for (std::size_t r = first; r < last; ++r) write_row(text, values + r * columns, columns, format, cells);
    });
  });
  buffer.flush();
}

}  // namespace attn::render
