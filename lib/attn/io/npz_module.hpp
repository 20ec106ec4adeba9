// What the module attnscope_npz gives to the library: reading of ZIP archives. The module exists because
// libzip brings a cryptographic library with it, which takes longer to load than most runs take.
#pragma once

#include <attn/io/bytes.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace attn::io {

struct ZipEntry {
  std::string name;
  std::size_t size;  ///< declared, uncompressed
};

class ZipReader {
 public:
  virtual ~ZipReader() = default;

  /// In the order of the central directory.
  virtual const std::vector<ZipEntry>& entries() const = 0;

  /// The first bytes of one entry, at most `count`; no checksum is compared. Throws InputError.
  virtual std::string read_beginning(std::size_t position, std::size_t count, const std::string& subject) = 0;

  /// The content of one entry: exactly `size` bytes with the right checksum, or InputError.
  virtual std::string read(std::size_t position, const std::string& subject) = 0;
};

/// The type of the module's `extern "C"` entry `attnscope_open_zip`. The reader shares the bytes.
using OpenZip = std::unique_ptr<ZipReader>(const Bytes& file, const std::string& subject);

}  // namespace attn::io
