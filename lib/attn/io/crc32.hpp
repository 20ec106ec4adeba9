// The checksum of ZIP files.
#pragma once

#include <cstdint>
#include <string_view>

namespace attn::io {

/// CRC-32 with the reflected polynomial 0xEDB88320 (ISO 3309, as in ZIP and gzip). Pieces are chained by
/// passing the result for the bytes before; begin with 0.
std::uint32_t crc32(std::uint32_t before, std::string_view bytes);

}  // namespace attn::io
