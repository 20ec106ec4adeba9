// The memory a run may use, checked before anything large is allocated.
#pragma once

#include <attn/shape.hpp>

#include <cstddef>
#include <string>

namespace attn::tools {

class MemoryBudget {
 public:
  /// `limit` in bytes; 0 chooses four fifths of the memory that is available now.
  explicit MemoryBudget(std::size_t limit);

  /// Sets aside `bytes` for `what`. Throws LimitError, naming both numbers, when the sum would pass the limit.
  void charge(std::size_t bytes, const std::string& what);
  /// The same for the elements of a shape, each of `size` bytes; more than can be counted is more than the limit.
  void charge(const Shape& shape, std::size_t size, const std::string& what);

  std::size_t left() const { return limit_ - used_; }

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
};

/// "1.5 GiB", "312 bytes".
std::string readable_bytes(std::size_t bytes);

}  // namespace attn::tools
