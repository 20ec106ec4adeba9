// Where rendered text goes. Renderers stream: they hand over pieces and never build a whole document.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace attn::render {

/// Receives text piece by piece. What it does with it (a file, a terminal, a string) is its own matter.
class Output {
 public:
  virtual ~Output() = default;
  virtual void write(std::string_view text) = 0;
};

/// Keeps everything; for tests, notebooks and small results.
class StringOutput : public Output {
 public:
  void write(std::string_view text) override { text_ += text; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Gathers small pieces into blocks of `capacity` bytes, so that millions of numbers cost thousands of
/// writes. Call flush() at the end: the destructor does not, because writing may throw.
class Buffer {
 public:
  static constexpr std::size_t usual_capacity = std::size_t{1} << 16;

  explicit Buffer(Output& output, std::size_t capacity = usual_capacity)
      : output_(output), capacity_(capacity), bytes_(new char[capacity]) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  Output& output() const { return output_; }

  /// Room for `size` bytes (at most the capacity); after writing there, call commit(end).
  char* reserve(std::size_t size) {
    if (size > capacity_ - used_) flush();
    return bytes_.get() + used_;
  }
  void commit(const char* end) { used_ = static_cast<std::size_t>(end - bytes_.get()); }

  void append(std::string_view text) {
    if (text.empty()) return;
    if (text.size() > capacity_ - used_) flush();
    if (text.size() > capacity_) return output_.write(text);
    std::memcpy(bytes_.get() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void append(char character) { append(std::string_view(&character, 1)); }

  void flush() {
    if (used_ > 0) output_.write({bytes_.get(), used_});
    used_ = 0;
  }

 private:
  Output& output_;
  std::size_t capacity_;
  std::unique_ptr<char[]> bytes_;
  std::size_t used_ = 0;
};

}  // namespace attn::render
