// Writing in a thread of its own: while the system copies one block, the next is being made.
#pragma once

#include <attn/io/sink.hpp>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace attn::io {

/// Writes to a descriptor, which it does not own, as DescriptorSink does, block after block in a second thread.
/// That thread starts with the first full block: a small result needs none, nor does one of large pieces, which
/// the caller writes.
///
/// The system's refusal is a SystemError of a later write() or of finish(). The destructor waits for the block
/// being written and drops the rest.
class BackgroundSink : public Sink {
 public:
  /// `subject` is the target's name in messages.
  BackgroundSink(int descriptor, std::string subject);
  ~BackgroundSink() override;
  BackgroundSink(const BackgroundSink&) = delete;
  BackgroundSink& operator=(const BackgroundSink&) = delete;

  void write(std::string_view bytes) override;
  void finish() override;

 private:
  void hand_over();
  bool start_thread();
  void wait_until_written(std::unique_lock<std::mutex>& lock);
  void write_blocks();

  int descriptor_;
  std::string subject_;
  std::string filling_;  // the block being made

  std::thread thread_;
  std::mutex mutex_;  // for the members below
  std::condition_variable changed_;
  std::string writing_;  // the block of the thread; empty when it waits for one
  bool stopping_ = false;
  int error_ = 0;  // the errno of what failed
};

}  // namespace attn::io
