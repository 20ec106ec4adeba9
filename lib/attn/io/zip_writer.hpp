// A ZIP archive of stored entries, written from front to back.
#pragma once

#include <attn/io/sink.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// Sizes and checksums of stored entries are known before they are written, so nothing is ever rewritten:
/// the archive can go to a pipe, and takes no memory beyond one small record for each entry. Every date
/// is 1980-01-01, so equal content gives equal bytes. ZIP64 records appear only when a size, an offset
/// or the number of entries needs them (PKWARE APPNOTE 6.3, sections 4.3 to 4.5).
class ZipWriter {
 public:
  explicit ZipWriter(Sink& sink) : sink_(sink) {}

  /// Adds an entry whose content is `head` followed by `body`. Names must be distinct (not checked).
  void add(const std::string& name, std::string_view head, std::string_view body);

  /// Writes the central directory. It does not finish the sink.
  void finish();

 private:
  struct Entry {
    std::string name;
    std::uint32_t crc;
    std::uint64_t size;
    std::uint64_t offset;
  };

  void write(std::string_view bytes);
  void write_end(std::uint64_t directory);  // the records that say where the central directory is

  Sink& sink_;
  std::uint64_t position_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace attn::io
