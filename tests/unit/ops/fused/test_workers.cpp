#include <attn/ops/fused/workers.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <vector>

using namespace attn::fused;

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
