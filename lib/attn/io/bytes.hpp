// The bytes of an input, shared by all that was read from them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// A range of bytes and whatever keeps it alive (a mapped file, a buffer). Copying it copies no byte.
struct Bytes {
  std::shared_ptr<const void> owner;
  const char* data = nullptr;
  std::size_t size = 0;
  bool mapped = false;  ///< pages of a file, which the system can read again

  std::string_view text() const { return {data, size}; }

  /// The part [offset, offset + count), which must lie inside; it keeps the same owner alive.
  Bytes slice(std::size_t offset, std::size_t count) const { return {owner, data + offset, count, mapped}; }
};

inline Bytes make_bytes(std::string text) {
  const auto owner = std::make_shared<const std::string>(std::move(text));
  return {owner, owner->data(), owner->size()};
}

template <class T>
Bytes make_bytes(std::vector<T> values) {
  const auto owner = std::make_shared<const std::vector<T>>(std::move(values));
  return {owner, reinterpret_cast<const char*>(owner->data()), owner->size() * sizeof(T)};
}

}  // namespace attn::io
