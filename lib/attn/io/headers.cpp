#include <attn/io/file.hpp>
#include <attn/io/headers.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/source.hpp>

namespace attn::io {

std::vector<ArrayHeader> read_headers(const std::string& path) {
  if (path != "-") {
    const Bytes file = load_file(path, path);
    if (looks_like_npz(file.text())) return read_npz_headers(file, path);
  }
  // The others are mapped, and their numbers are not touched.
  std::vector<ArrayHeader> headers;
  for (const NamedArray& named : read_all(path)) headers.push_back({named.name, named.array.dtype, named.array.shape});
  return headers;
}

}  // namespace attn::io
