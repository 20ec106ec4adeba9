#include <attn/error.hpp>
#include <attn/io/memory_limit.hpp>

#include <fmt/format.h>

namespace attn::io {

void MemoryLimit::check(const std::string& subject, std::size_t count, std::size_t size) const {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    throw LimitError(subject,
                     fmt::format("needs {} times {} bytes, more than can be addressed", count, size));
  }
  if (bytes > bytes_) {
    throw LimitError(subject, fmt::format("needs {} bytes of memory, the limit is {}", bytes, bytes_));
  }
}

}  // namespace attn::io
