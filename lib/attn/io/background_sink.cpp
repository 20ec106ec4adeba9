#include <attn/io/background_sink.hpp>

#include <attn/error.hpp>

#include <cstring>
#include <system_error>
#include <utility>

namespace attn::io {
namespace {

constexpr std::size_t block_size = std::size_t{1} << 18;

}  // namespace

BackgroundSink::BackgroundSink(int descriptor, std::string subject)
    : descriptor_(descriptor), subject_(std::move(subject)) {}

BackgroundSink::~BackgroundSink() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BackgroundSink::write(std::string_view bytes) {
  if (bytes.size() >= block_size) {
    // A large piece is not worth a copy: it goes past the thread, after what came before it.
    finish();
    return write_all(descriptor_, bytes, subject_);
  }
  if (filling_.size() + bytes.size() > block_size) hand_over();
  filling_ += bytes;
}

void BackgroundSink::finish() {
  std::unique_lock lock(mutex_);
  wait_until_written(lock);
  write_all(descriptor_, filling_, subject_);
  filling_.clear();
}

void BackgroundSink::hand_over() {
  {
    std::unique_lock lock(mutex_);
    wait_until_written(lock);
    if (!start_thread()) {
      write_all(descriptor_, filling_, subject_);
      filling_.clear();
      return;
    }
    std::swap(writing_, filling_);
  }
  changed_.notify_all();
  filling_.reserve(block_size);
}

// That the system gives no more threads is no reason to lose a result.
bool BackgroundSink::start_thread() {
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread(&BackgroundSink::write_blocks, this);
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void BackgroundSink::wait_until_written(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return writing_.empty(); });
  if (error_ != 0) throw SystemError(subject_, std::strerror(error_));
}

void BackgroundSink::write_blocks() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !writing_.empty(); });
    if (writing_.empty()) return;
    lock.unlock();
    const int error = try_write_all(descriptor_, writing_);
    lock.lock();
    if (error != 0) error_ = error;
    writing_.clear();
    changed_.notify_all();
  }
}

}  // namespace attn::io
