// Where arrays come from: the tensor argument of the command line, and whole files.
#pragma once

#include <attn/io/array.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn::io {

/// The array that a tensor argument names:
///
///     file.npy   file.npz:name   file.safetensors:name   file.csv[:step]   file.json[:name]
///     -  -:name                  standard input, once in a process
///     "[[1,2],[3,4]]"  "3.5"     a literal, as in a JSON file
///
/// The extension decides the format; where it is none of the five, the content does. The name may be left
/// out when the file holds one array. A file whose name contains ':' is found before the text is split.
///
/// `option` ("--query") begins the message of every error. Throws SystemError (missing, unreadable, a
/// folder), InputError (malformed; no such name, with the names there are), UsageError (standard input
/// a second time), LimitError.
Array read_array(const std::string& text, const std::string& option, const MemoryLimit& limit = {});

/// Every array of a file, or of standard input ("-"), in the file's order. The name is empty where the
/// format has none (NPY, a CSV matrix, a JSON list). Errors as above, beginning with the path.
std::vector<NamedArray> read_all(const std::string& path, const MemoryLimit& limit = {},
                                 EmptyCells empty_cells = EmptyCells::refused);

/// Where a file's array is, for those who want to read it with something else.
struct FilePlace {
  std::string path;
  std::string name;    ///< empty when none was given
  std::string format;  ///< "npy", "npz", "safetensors", "json" or "csv"
};

/// The text of a tensor argument, taken apart as read_array takes it. Empty when there is no file to open a
/// second time: a literal, standard input, a pipe. The file is read, for its format may show only in its
/// content; errors as above.
std::optional<FilePlace> locate(const std::string& text);

}  // namespace attn::io
