#include <attn/workers.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace attn;

TEST_CASE("every piece is worked on once, whatever the number of workers") {
  for (const std::size_t workers : {1, 2, 7}) {
    std::vector<std::atomic<int>> visits(100);
    for_each_piece(visits.size(), workers, [&](std::size_t piece, std::size_t) { ++visits[piece]; });
    for (const std::atomic<int>& count : visits) CHECK(count == 1);
  }
}

TEST_CASE("one worker never has two pieces at once") {
  std::vector<std::atomic<int>> busy(3);
  std::atomic<bool> overlapped = false;
  for_each_piece(500, busy.size(), [&](std::size_t, std::size_t worker) {
    if (++busy[worker] != 1) overlapped = true;
    --busy[worker];
  });
  CHECK_FALSE(overlapped);
}

TEST_CASE("there are no more workers than pieces, and at least one") {
  CHECK(worker_count(4, 2) == 2);
  CHECK(worker_count(2, 100) == 2);
  CHECK(worker_count(3, 0) == 1);
  CHECK(worker_count(0, 1000) >= 1);
}

TEST_CASE("no pieces are no work") {
  for_each_piece(0, 1, [](std::size_t, std::size_t) { FAIL("there is nothing to do"); });
}

TEST_CASE("an exception reaches the caller, and no piece is begun after it") {
  for (const std::size_t workers : {1, 4}) {
    std::atomic<std::size_t> begun = 0;
    const auto work = [&](std::size_t piece, std::size_t) {
      ++begun;
      if (piece == 20) throw std::runtime_error("piece 20");
    };
    CHECK_THROWS_WITH_AS(for_each_piece(1000, workers, work), "piece 20", std::runtime_error);
    if (workers == 1) CHECK(begun == 21);
  }
}

TEST_CASE("of several exceptions one reaches the caller, after the last thread has ended") {
  std::atomic<int> running = 0;
  const auto work = [&](std::size_t, std::size_t) {
    ++running;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --running;
    throw std::runtime_error("every piece");
  };
  CHECK_THROWS_WITH_AS(for_each_piece(8, 4, work), "every piece", std::runtime_error);
  CHECK(running == 0);
}
