// Temporary files of this process, and their removal when a signal ends it.
#pragma once

#include <atomic>
#include <string>

namespace attn::io {

/// Unlinks every temporary file that is being written. Async-signal-safe. A handler for SIGINT and
/// SIGTERM calls it and then ends the process by the same signal:
///
///     extern "C" void on_signal(int signal) {
///       attn::io::remove_temporaries();
///       std::signal(signal, SIG_DFL);
///       std::raise(signal);
///     }
void remove_temporaries() noexcept;

/// Holds a path on the list of remove_temporaries() while it lives. It does not create or unlink.
class TemporaryPath {
 public:
  explicit TemporaryPath(std::string path);
  ~TemporaryPath();
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;
  const std::string& path() const;

  struct Entry;

 private:
  Entry* entry_;
};

}  // namespace attn::io
