#include <attn/workers.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace attn {

std::size_t worker_count(std::size_t threads, std::size_t pieces) {
  const std::size_t wanted = threads == 0 ? std::thread::hardware_concurrency() : threads;
  return std::max<std::size_t>(1, std::min(wanted, pieces));
}

void for_each_piece(std::size_t pieces, std::size_t workers,
                    const std::function<void(std::size_t piece, std::size_t worker)>& work) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr failure;  // of the thread that set `failed`; read when all have ended
  const auto run = [&](std::size_t worker) {
    try {
      for (std::size_t piece = next++; piece < pieces && !failed; piece = next++) work(piece, worker);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  others.reserve(workers);
  try {
    for (std::size_t worker = 1; worker < workers; ++worker) others.emplace_back(run, worker);
  } catch (const std::system_error&) {
    // Fewer threads than wished for give the same result.
  }
  run(0);
  for (std::thread& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace attn
