#include <attn/error.hpp>
#include <attn/io/csv.hpp>
#include <attn/io/file.hpp>
#include <attn/io/json.hpp>
#include <attn/io/names.hpp>
#include <attn/io/npy.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/number.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/io/source.hpp>

#include <algorithm>
#include <filesystem>

namespace attn::io {
namespace {

std::vector<NamedArray> read_npy_file(const Bytes& file, const std::string& subject,
                                      const MemoryLimit& limit) {
  return {{"", read_npy(file, subject, limit)}};
}

std::vector<NamedArray> read_csv_file(const Bytes& file, const std::string& subject,
                                      const MemoryLimit& limit) {
  return read_csv(file.text(), subject, limit);
}

std::vector<NamedArray> read_json_file(const Bytes& file, const std::string& subject,
                                       const MemoryLimit& limit) {
  return read_json(file.text(), subject, limit);
}

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

bool looks_like_npy(std::string_view file) { return begins_with(file, "\x93NUMPY"); }

bool looks_like_json(std::string_view file) {
  const std::size_t first = file.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return first != std::string_view::npos && (file[first] == '[' || file[first] == '{');
}

// What nothing else recognises and has no zero bytes at its beginning is taken for text.
bool looks_like_text(std::string_view file) {
  return file.substr(0, 4096).find('\0') == std::string_view::npos;
}

struct Format {
  std::string_view extension;
  bool (*recognises)(std::string_view file);
  std::vector<NamedArray> (*read)(const Bytes& file, const std::string& subject, const MemoryLimit& limit);
};

// Content is tried in this order.
constexpr Format formats[] = {
    {".npy", looks_like_npy, read_npy_file},
    {".npz", looks_like_npz, read_npz},
    {".safetensors", looks_like_safetensors, read_safetensors},
    {".json", looks_like_json, read_json_file},
    {".csv", looks_like_text, read_csv_file},
};

const Format& format_of(const std::string& path, std::string_view content, const std::string& subject) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const Format& format : formats) {
    if (format.extension == extension) return format;
  }
  for (const Format& format : formats) {
    if (format.recognises(content)) return format;
  }
  throw InputError(subject, "is not an NPY, NPZ, safetensors, JSON or CSV file");
}

Bytes load(const std::string& path, const std::string& subject, const MemoryLimit& limit) {
  return path == "-" ? load_stdin(subject, limit) : load_file(path, subject, limit);
}

struct Location {
  std::string path;
  std::string name;  // empty when none is given
};

// The longest beginning that is a file wins; when there is none, the text up to its last colon is the
// path that the error will name.
Location split(const std::string& text) {
  if (text == "-" || is_file(text)) return {text, ""};
  if (begins_with(text, "-:")) return {"-", text.substr(2)};
  const std::size_t last = text.rfind(':');
  for (std::size_t colon = last; colon != std::string::npos && colon > 0;
       colon = text.rfind(':', colon - 1)) {
    if (is_file(text.substr(0, colon))) return {text.substr(0, colon), text.substr(colon + 1)};
  }
  if (last == std::string::npos) return {text, ""};
  return {text.substr(0, last), text.substr(last + 1)};
}

bool is_literal(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return false;
  if (text[first] == '[' || text[first] == '"' || text == "true" || text == "false") return true;
  const bool begins_as_number = std::string_view("-0123456789").find(text[first]) != std::string_view::npos;
  return begins_as_number && text != "-" && parse_number(text).status != NumberStatus::not_a_number_text;
}

// The position of the wanted name; the only one when no name is given.
std::size_t choose(const std::vector<std::string>& names, const std::string& wanted,
                   const std::string& subject) {
  if (wanted.empty()) {
    if (names.size() == 1) return 0;
    if (names.empty()) throw InputError(subject, "holds no arrays");
    throw InputError(subject, "holds several arrays; add ':' and one of the names " + list_in_quotes(names));
  }
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  if (names.size() == 1 && names[0].empty()) {
    throw InputError(subject, "holds one array without a name; leave out " + in_quotes(":" + wanted));
  }
  const auto guess = near_miss(wanted, names);
  throw InputError(subject, "holds no array " + in_quotes(wanted) +
                                (guess ? "; did you mean " + in_quotes(*guess) + "?" : "") +
                                (names.empty() ? "" : " (it holds " + list_in_quotes(names) + ")"));
}

// "q.npy" is the archive's own spelling of the array "q".
std::string without_npy(const std::string& name, const std::vector<std::string>& names) {
  const std::string stem = name.size() > 4 && name.compare(name.size() - 4, 4, ".npy") == 0
                               ? name.substr(0, name.size() - 4)
                               : name;
  return std::find(names.begin(), names.end(), name) == names.end() ? stem : name;
}

}  // namespace

Array read_array(const std::string& text, const std::string& option, const MemoryLimit& limit) {
  if (is_literal(text)) return read_json(text, option, limit).front().array;
  const Location location = split(text);
  const std::string subject = option + " " + one_line(location.path);
  const Bytes file = load(location.path, subject, limit);
  const Format& format = format_of(location.path, file.text(), subject);
  // Of an archive only the wanted entry is decompressed.
  if (format.read == read_npz) {
    const std::vector<std::string> names = npz_names(file, subject);
    return read_npz_entry(file, names[choose(names, without_npy(location.name, names), subject)], subject,
                          limit);
  }
  std::vector<NamedArray> arrays = format.read(file, subject, limit);
  std::vector<std::string> names;
  for (const NamedArray& array : arrays) names.push_back(array.name);
  return std::move(arrays[choose(names, location.name, subject)].array);
}

std::optional<FilePlace> locate(const std::string& text) {
  if (is_literal(text)) return std::nullopt;
  const Location location = split(text);
  if (!std::filesystem::is_regular_file(location.path)) return std::nullopt;
  const Bytes file = load_file(location.path, location.path, {});
  const Format& format = format_of(location.path, file.text(), location.path);
  return FilePlace{location.path, location.name, std::string(format.extension.substr(1))};
}

std::vector<NamedArray> read_all(const std::string& path, const MemoryLimit& limit, EmptyCells empty_cells,
                                 const std::string& option) {
  const std::string subject = (option.empty() ? "" : option + " ") + one_line(path);
  const Bytes file = load(path, subject, limit);
  const Format& format = format_of(path, file.text(), subject);
  // The two formats that people fill in by hand.
  if (format.read == read_csv_file) return read_csv(file.text(), subject, limit, empty_cells);
  if (format.read == read_json_file) return read_json(file.text(), subject, limit, empty_cells);
  return format.read(file, subject, limit);
}

}  // namespace attn::io
