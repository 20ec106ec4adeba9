// The entries of a ZIP archive that are stored as they are, found without unpacking: their bytes can be used where
// they lie.
#pragma once

#include <attn/io/bytes.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace attn::io {

/// The content of an entry where it lies, and the checksum that the archive declares for it.
struct StoredEntry {
  Bytes content;
  std::uint32_t crc = 0;

  /// Whether the bytes have that checksum. Reads them all.
  bool sound() const;
};

/// One for each entry of the central directory, in its order; empty for an entry that must be unpacked, and for one
/// of which anything is out of the ordinary (encryption, ZIP64, a header that is not where it should be). No entries
/// if the directory itself is out of the ordinary (a comment, ZIP64). Whoever finds nothing here asks libzip, which
/// knows all that may be and refuses what may not.
std::vector<std::optional<StoredEntry>> stored_entries(const Bytes& archive);

}  // namespace attn::io
