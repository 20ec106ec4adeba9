// The memory that reading an input may take.
#pragma once

#include <cstddef>
#include <limits>
#include <string>

namespace attn::io {

/// Readers hold every declared size against this limit before they allocate. A mapped file does not
/// count, what is decoded from it does. The default is no limit.
class MemoryLimit {
 public:
  MemoryLimit() = default;
  explicit MemoryLimit(std::size_t bytes) : bytes_(bytes) {}

  /// The bytes that may be taken; the largest number there is without a limit.
  std::size_t bytes() const { return bytes_; }

  /// Throws LimitError, naming both numbers, when `count` elements of `size` bytes are more than the
  /// limit or than the address space.
  void check(const std::string& subject, std::size_t count, std::size_t size = 1) const;

 private:
  std::size_t bytes_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace attn::io
