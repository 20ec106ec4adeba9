#include <attn/error.hpp>
#include <attn/io/file_sink.hpp>
#include <attn/io/names.hpp>

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>

namespace attn::io {
namespace {

[[noreturn]] void throw_errno(const std::string& subject) {
  throw SystemError(subject, std::strerror(errno));
}

// Follows symbolic links, also one whose target does not exist yet.
std::string resolve_links(std::string path, const std::string& subject) {
  constexpr int most_links = 40;  // as the Linux kernel
  for (int links = 0; links < most_links; ++links) {
    std::error_code error;
    const std::filesystem::path link = std::filesystem::read_symlink(path, error);
    if (error) return path;  // not a link
    path = (std::filesystem::path(path).parent_path() / link).string();
  }
  errno = ELOOP;
  throw_errno(subject);
}

// A short name in the target's folder that no other process will choose.
std::string temporary_name(const std::string& target, const std::string& subject) {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) throw_errno(subject);
  char digits[17] = {};
  std::to_chars(digits, digits + 16, number, 16);
  return (std::filesystem::path(target).parent_path() / (std::string(".attnscope-") + digits + ".tmp"))
      .string();
}

// Renames unless `to` exists (errno EEXIST). Where the file system has no such rename, a hard link refuses
// an existing name as well; where it has no hard links either, looking first is the best there is.
int rename_to_new(const char* from, const char* to) {
  if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (::link(from, to) == 0) return ::unlink(from);
  if (errno == EEXIST) return -1;
  if (::access(to, F_OK) == 0) {
    errno = EEXIST;
    return -1;
  }
  return ::rename(from, to);
}

// A descriptor above 2, so that a closed stdout or stderr does not make messages part of the result.
int above_standard_streams(int descriptor) {
  if (descriptor < 0 || descriptor > STDERR_FILENO) return descriptor;
  const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::close(descriptor);
  return moved;
}

// "/dev/stdout" and "/dev/fd/3" mean an open descriptor, whose file offset is to be kept: opening them
// would start at the beginning of a redirected file. -1 for other paths.
int descriptor_named(const std::string& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (path.compare(0, folder.size(), folder) != 0) continue;
    int descriptor = -1;
    const char* end = path.data() + path.size();
    const auto parsed = std::from_chars(path.data() + folder.size(), end, descriptor);
    if (parsed.ec == std::errc{} && parsed.ptr == end) return descriptor;
  }
  return -1;
}

// What is opened itself, a device or a pipe, instead of a file beside it.
bool is_device(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

// A device, a pipe or an inherited descriptor: there is nothing to rename.
class DirectSink : public DescriptorSink {
 public:
  DirectSink(int descriptor, const std::string& path)
      : DescriptorSink(descriptor, one_line(path)), descriptor_(descriptor) {}
  ~DirectSink() override { ::close(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

FileSink::FileSink(const std::string& path, Overwrite overwrite)
    : subject_(one_line(path)), target_(resolve_links(path, subject_)), overwrite_(overwrite) {
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (!exists && errno != ENOENT) throw_errno(subject_);
  if (exists && S_ISDIR(status.st_mode)) throw SystemError(subject_, std::strerror(EISDIR));
  if (exists && overwrite_ == Overwrite::no) refuse_existing();
  // On the list before it exists, so that no signal finds it unlisted.
  temporary_ = std::make_unique<TemporaryPath>(temporary_name(target_, subject_));
  descriptor_ = above_standard_streams(
      ::open(temporary_->path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (descriptor_ < 0) throw_errno(subject_);
  output_ = std::make_unique<BackgroundSink>(descriptor_, subject_);
}

FileSink::~FileSink() { discard(); }

void FileSink::write(std::string_view bytes) { output_->write(bytes); }

void FileSink::finish() {
  output_->finish();
  close_file();
  put_in_place();
  temporary_.reset();
}

void FileSink::close_file() {
  // An old file may go only when the new one is safe on the disk. Where there is none, nothing can be lost that the
  // user had. Some file systems cannot sync; that is not a lost result.
  const bool replaces = overwrite_ == Overwrite::yes && ::access(target_.c_str(), F_OK) == 0;
  if (replaces && ::fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOTSUP) throw_errno(subject_);
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) throw_errno(subject_);
}

void FileSink::put_in_place() {
  const char* from = temporary_->path().c_str();
  const int result =
      overwrite_ == Overwrite::yes ? ::rename(from, target_.c_str()) : rename_to_new(from, target_.c_str());
  if (result == 0) return;
  if (errno == EEXIST && overwrite_ == Overwrite::no) refuse_existing();
  throw_errno(subject_);
}

void FileSink::discard() noexcept {
  output_.reset();  // its thread may be writing to the descriptor
  if (descriptor_ >= 0) ::close(descriptor_);
  if (temporary_) ::unlink(temporary_->path().c_str());
}

void FileSink::refuse_existing() const { throw UsageError(subject_, "exists; add --force to replace it"); }

void check_target(const std::string& path, Overwrite overwrite) {
  if (path != "-" && descriptor_named(path) < 0 && !is_device(path)) FileSink(path, overwrite);
}

std::unique_ptr<Sink> open_sink(const std::string& path, Overwrite overwrite) {
  if (path == "-") return std::make_unique<StdoutSink>();
  int descriptor = -1;
  const int named = descriptor_named(path);
  if (named >= 0) {
    descriptor = ::fcntl(named, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  } else if (is_device(path)) {
    descriptor = above_standard_streams(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  } else {
    return std::make_unique<FileSink>(path, overwrite);
  }
  if (descriptor < 0) throw_errno(one_line(path));
  return std::make_unique<DirectSink>(descriptor, path);
}

}  // namespace attn::io
