#include <attn/render/rows.hpp>

#include <attn/workers.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace attn::render {
namespace {

// Large enough that taking turns costs nothing, and that sinks hand a block on without a copy; small enough
// that the text is still in the cache of its processor when it is written.
constexpr std::size_t block_size = std::size_t{1} << 19;
constexpr std::size_t room_for_block = block_size + block_size / 4;  // for rows longer than they were said to be

constexpr std::size_t most_threads = 8;  // writing is done by one at a time, and is no more than an eighth of the work

// Whose block is written next.
class Turns {
 public:
  /// Returns when all blocks before this one are written; false when one of them failed.
  bool wait_for(std::size_t block) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failed_ || next_ == block; });
    return !failed_;
  }

  void end(std::size_t block) {
    if (wait_for(block)) change([&] { next_ = block + 1; });
  }

  void fail() {
    change([&] { failed_ = true; });
  }

 private:
  template <class Change>
  void change(const Change& change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }

  std::mutex mutex_;  // for the members below
  std::condition_variable changed_;
  std::size_t next_ = 0;
  bool failed_ = false;
};

constexpr std::size_t cache_line = 64;

// The buffer of one thread, and where it empties it: into the output when the turn of its block comes. The threads
// note in it how far they are after every number: what two of them note must not share a line of the caches.
class alignas(cache_line) BlockWriter : public Output {
 public:
  BlockWriter(Output& output, Turns& turns) : output_(output), turns_(turns), text_(*this, room_for_block) {}

  template <class Make>
  void make_block(std::size_t block, const Make& make) {
    block_ = block;
    try {
      make(text_);
      text_.flush();
      turns_.end(block);
    } catch (...) {
      turns_.fail();
      throw;
    }
  }

  void write(std::string_view text) override {
    if (turns_.wait_for(block_)) output_.write(text);
  }

 private:
  Output& output_;
  Turns& turns_;
  std::size_t block_ = 0;
  Buffer text_;
};

}  // namespace

void append_rows(Buffer& text, std::size_t rows, std::size_t row_size, const MakeRows& make, std::size_t threads) {
  const std::size_t rows_at_once = std::max<std::size_t>(1, block_size / std::max<std::size_t>(1, row_size));
  if (rows <= rows_at_once) return make(text, 0, rows);
  text.flush();
  const std::size_t blocks = rows / rows_at_once + (rows % rows_at_once != 0 ? 1 : 0);
  const std::size_t workers = std::min(worker_count(threads, blocks), most_threads);
  Turns turns;
  std::deque<BlockWriter> writers;
  for (std::size_t worker = 0; worker < workers; ++worker) writers.emplace_back(text.output(), turns);
  for_each_piece(blocks, workers, [&](std::size_t block, std::size_t worker) {
    const std::size_t first = block * rows_at_once, last = std::min(first + rows_at_once, rows);
    writers[worker].make_block(block, [&](Buffer& own) { make(own, first, last); });
  });
}

}  // namespace attn::render
