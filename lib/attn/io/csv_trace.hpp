// The tidy CSV form of a trace: step,batch,head,row,col,value, one number a row.
#pragma once

#include <attn/io/array.hpp>
#include <attn/io/csv_rows.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// True for exactly the six column names, in their order.
bool is_csv_trace_header(const std::vector<CsvCell>& cells);

/// The rows after the header, as csv.hpp describes.
std::vector<NamedArray> read_csv_trace(CsvRows& rows, const std::string& subject,
                                       EmptyCells empty_cells = EmptyCells::refused);

}  // namespace attn::io
