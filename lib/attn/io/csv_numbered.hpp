// Matrices whose rows carry their numbers, as posenc-dump writes them: position,0,1,… or B,position,0,1,…
#pragma once

#include <attn/io/array.hpp>
#include <attn/io/csv_rows.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// True for a header of one to three names, the last of them "position" or "row", and whole numbers that rise, the
/// numbers of the columns.
bool is_csv_numbered_header(const std::vector<CsvCell>& cells);

/// The rows after that header `header`: an axis for every name and one for the columns, float64. Every index but the
/// last counts from 0, that of the rows from anywhere; rows stand in their order, as they are written. Throws
/// InputError, naming the line, for any other order and for rows that are missing.
std::vector<NamedArray> read_csv_numbered(CsvRows& rows, const std::vector<CsvCell>& header, const std::string& subject);

}  // namespace attn::io
