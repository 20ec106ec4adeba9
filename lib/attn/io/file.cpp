#include <attn/error.hpp>
#include <attn/io/file.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>

namespace attn::io {
namespace {

[[noreturn]] void throw_errno(const std::string& subject) {
  throw SystemError(subject, std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Bytes read_to_end(int fd, const std::string& subject, const MemoryLimit& limit) {
  constexpr std::size_t first_size = std::size_t{1} << 16;
  // One byte more than the limit shows that it is passed; no more is taken.
  const std::size_t enough = limit.bytes() + (limit.bytes() < std::numeric_limits<std::size_t>::max() ? 1 : 0);
  std::string buffer;
  std::size_t used = 0;
  for (;;) {
    if (used == buffer.size()) buffer.resize(std::min(std::max(first_size, 2 * used), enough));
    const ssize_t got = ::read(fd, buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(subject);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    limit.check(subject, used);
  }
  buffer.resize(used);
  return make_bytes(std::move(buffer));
}

// Returns no owner when the file system cannot map.
Bytes map_file(int fd, std::size_t size) {
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (start == MAP_FAILED) return {};
  std::shared_ptr<const void> owner(start, [size](const void* p) { ::munmap(const_cast<void*>(p), size); });
  return {std::move(owner), static_cast<const char*>(start), size, true};
}

}  // namespace

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

Bytes load_file(const std::string& path, const std::string& subject, const MemoryLimit& limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) throw_errno(subject);
  if (S_ISDIR(status.st_mode)) throw SystemError(subject, std::strerror(EISDIR));
  // Files of /proc say that they are empty; reading finds out.
  if (S_ISREG(status.st_mode) && status.st_size > 0) {
    Bytes mapped = map_file(file.get(), static_cast<std::size_t>(status.st_size));
    if (mapped.owner) return mapped;
  }
  return read_to_end(file.get(), subject, limit);
}

void forget_pages(const Bytes& bytes) {
  if (!bytes.mapped) return;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data);
  const std::uintptr_t first = (begin + page - 1) / page * page, last = (begin + bytes.size) / page * page;
  // Only whole pages; a failure costs memory and nothing else.
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

Bytes load_stdin(const std::string& subject, const MemoryLimit& limit) {
  static std::atomic_flag used = ATOMIC_FLAG_INIT;
  if (used.test_and_set()) throw UsageError(subject, "standard input can be read only once");
  return read_to_end(STDIN_FILENO, subject, limit);
}

}  // namespace attn::io
