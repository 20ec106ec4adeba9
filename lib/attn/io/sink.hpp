// Where results are written. Every failure is reported: a result that was lost must not look like success.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace attn::io {

/// Takes bytes in order. `finish()` must be the last call; before it nothing is promised to have
/// arrived. Both throw SystemError, naming the target, when the system refuses.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::string_view bytes) = 0;
  virtual void finish() = 0;
};

/// Collects the bytes in memory.
class StringSink : public Sink {
 public:
  void write(std::string_view bytes) override { text_ += bytes; }
  void finish() override {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Writes all of `bytes`; an interrupted or partial write is continued. Returns 0, or the errno of a refusal.
int try_write_all(int descriptor, std::string_view bytes);
/// The same; throws SystemError for a refusal, with `subject` as the target's name.
void write_all(int descriptor, std::string_view bytes, const std::string& subject);

/// Writes to a descriptor through one buffer; larger pieces go past it. It does not own the descriptor and does not touch SIGPIPE: while that signal has its
/// default action a closed pipe ends the process, as it should; where it is ignored, EPIPE is an error.
class DescriptorSink : public Sink {
 public:
  /// `subject` is the target's name in messages.
  DescriptorSink(int descriptor, std::string subject);
  void write(std::string_view bytes) override;
  void finish() override;

 private:
  int descriptor_;
  std::string subject_;
  std::string buffer_;
};

/// Standard output. The constructor throws SystemError when it is closed, so that a run without any
/// output cannot succeed either.
class StdoutSink : public DescriptorSink {
 public:
  StdoutSink();
};

/// Whether an existing file may be replaced.
enum class Overwrite { no, yes };

/// The sink for an output option: "-" is standard output; a regular file is written by FileSink; an
/// existing device or pipe (/dev/full, /dev/stdout, a fifo) is written directly.
/// Throws as FileSink does.
std::unique_ptr<Sink> open_sink(const std::string& path, Overwrite overwrite);

/// Throws what open_sink would for a regular file, and leaves nothing behind: for a result that takes long. Nothing is
/// said of a device or a pipe, whose reader would notice.
void check_target(const std::string& path, Overwrite overwrite);

}  // namespace attn::io
