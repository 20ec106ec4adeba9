#include <attn/io/file.hpp>
#include <attn/io/headers.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/source.hpp>

namespace attn::io {
namespace {

// As NumPy's archives begin; a file of another extension with this content is one too.
bool looks_like_zip(std::string_view file) { return file.substr(0, 4) == std::string_view("PK\x03\x04", 4); }

}  // namespace

std::vector<ArrayHeader> read_headers(const std::string& path) {
  if (path != "-") {
    const Bytes file = load_file(path, path);
    if (looks_like_zip(file.text())) return read_npz_headers(file, path);
  }
  // The others are mapped, and their numbers are not touched.
  std::vector<ArrayHeader> headers;
  for (const NamedArray& named : read_all(path)) headers.push_back({named.name, named.array.dtype, named.array.shape});
  return headers;
}

}  // namespace attn::io
