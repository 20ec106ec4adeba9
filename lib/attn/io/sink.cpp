#include <attn/error.hpp>
#include <attn/io/sink.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace attn::io {
namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 17;

}  // namespace

int try_write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

void write_all(int descriptor, std::string_view bytes, const std::string& subject) {
  if (const int error = try_write_all(descriptor, bytes)) throw SystemError(subject, std::strerror(error));
}

DescriptorSink::DescriptorSink(int descriptor, std::string subject)
    : descriptor_(descriptor), subject_(std::move(subject)) {
  buffer_.reserve(buffer_size);
}

void DescriptorSink::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > buffer_size) {
    write_all(descriptor_, buffer_, subject_);
    buffer_.clear();
  }
  if (bytes.size() >= buffer_size) {
    write_all(descriptor_, bytes, subject_);
  } else {
    buffer_ += bytes;
  }
}

void DescriptorSink::finish() {
  write_all(descriptor_, buffer_, subject_);
  buffer_.clear();
}

StdoutSink::StdoutSink() : DescriptorSink(STDOUT_FILENO, "stdout") {
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  if (flags < 0) throw SystemError("stdout", std::strerror(errno));
  if ((flags & O_ACCMODE) == O_RDONLY) throw SystemError("stdout", "is not open for writing");
}

}  // namespace attn::io
