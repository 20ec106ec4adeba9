// A result file that appears complete or not at all.
#pragma once

#include <attn/io/background_sink.hpp>
#include <attn/io/sink.hpp>
#include <attn/io/temporaries.hpp>

#include <memory>
#include <string>

namespace attn::io {

/// Writes a temporary file beside the target; finish() renames it. Without finish() the destructor removes it,
/// and the target stays as it was. A symbolic link is followed: the file it points to is replaced. Permissions
/// are those of a new file under the umask.
///
/// A file that replaces another is first synced to the disk, so that no crash of the system leaves the user with
/// neither of them. A new file is written as any other program writes one, without waiting for the disk.
///
/// With Overwrite::no an existing target is a UsageError, at construction and again, atomically, when
/// finish() puts the file in place. The system's refusals are SystemErrors naming the target.
class FileSink : public Sink {
 public:
  FileSink(const std::string& path, Overwrite overwrite);
  ~FileSink() override;
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  void write(std::string_view bytes) override;
  void finish() override;

 private:
  void close_file();
  void put_in_place();
  void discard() noexcept;
  [[noreturn]] void refuse_existing() const;

  std::string subject_;  // the path as the user wrote it, fit for a message
  std::string target_;   // symbolic links resolved
  Overwrite overwrite_;
  std::unique_ptr<TemporaryPath> temporary_;
  int descriptor_ = -1;
  std::unique_ptr<BackgroundSink> output_;
};

}  // namespace attn::io
