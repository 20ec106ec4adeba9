// JSON files: nested lists of numbers or booleans.
#pragma once

#include <attn/io/array.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// Three forms are read:
///   - nested lists such as [[1, 2], [3, 4]], or one number: one array, whose name is empty;
///   - an object {"q": [[…]], "k": [[…]]}: one array for each key, in alphabetical order;
///   - a trace as the tools write it, an object with "steps": [{"step": "q", "shape": […], "values": […]},
///   …]:
///     one array for each step; other keys are ignored.
///
/// Numbers become float64, or int64 when every one is written as an integer up to 2^53; true and false become
/// booleans; "NaN", "Infinity" and "-Infinity" are numbers. Refused with the place (InputError): ragged
/// lists, null unless empty cells are allowed, text, booleans among numbers, integers that float64 cannot hold exactly, duplicate keys.
std::vector<NamedArray> read_json(std::string_view text, const std::string& subject,
                                  const MemoryLimit& limit = {}, EmptyCells empty_cells = EmptyCells::refused);

}  // namespace attn::io
