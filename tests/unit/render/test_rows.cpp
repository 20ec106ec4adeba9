#include <attn/render/rows.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

using namespace attn::render;

namespace {

/// Keeps the text, the largest piece that came, and whether two ever came at once.
class Recorder : public Output {
 public:
  void write(std::string_view text) override {
    if (busy_.exchange(true)) overlapped = true;
    kept += text;
    largest = std::max(largest, text.size());
    busy_ = false;
  }
  std::string kept;
  std::size_t largest = 0;
  std::atomic<bool> overlapped = false;

 private:
  std::atomic<bool> busy_ = false;
};

// "13:xxx": the number and up to nine letters.
std::string row_text(std::size_t row) { return std::to_string(row) + ":" + std::string(row % 10, 'x') + "\n"; }

void make_rows(Buffer& text, std::size_t first, std::size_t last) {
  for (std::size_t row = first; row < last; ++row) text.append(row_text(row));
}

std::string all_rows(std::size_t rows) {
  std::string text;
  for (std::size_t row = 0; row < rows; ++row) text += row_text(row);
  return text;
}

}  // namespace

TEST_CASE("rows arrive in order, one piece at a time, whatever the number of threads and the guess of their size") {
  constexpr std::size_t rows = 120000;
  const std::string expected = "header\n" + all_rows(rows) + "end\n";
  for (const std::size_t threads : {0, 1, 2, 5, 100}) {
    for (const std::size_t row_size : {0, 1, 12, 1000}) {
      Recorder output;
      Buffer text(output);
      text.append("header\n");
      append_rows(text, rows, row_size, make_rows, threads);
      text.append("end\n");
      text.flush();
      CHECK_FALSE(output.overlapped);
      CHECK((output.kept == expected));
    }
  }
}

TEST_CASE("few rows are made at once by the calling thread, and no rows are no text") {
  StringOutput output;
  Buffer text(output);
  const std::thread::id caller = std::this_thread::get_id();
  int calls = 0;
  const MakeRows make = [&](Buffer& own, std::size_t first, std::size_t last) {
    ++calls;
    CHECK((std::this_thread::get_id() == caller));
    CHECK(&own == &text);
    make_rows(own, first, last);
  };
  append_rows(text, 1000, 12, make, 4);
  CHECK(calls == 1);
  append_rows(text, 0, 12, make, 4);
  text.flush();
  CHECK(output.text() == all_rows(1000));
}

TEST_CASE("memory is bounded: a row larger than any buffer is written in pieces, in its turn") {
  constexpr std::size_t rows = 6, cells = 1000000;
  Recorder output;
  Buffer text(output);
  const MakeRows make = [](Buffer& own, std::size_t first, std::size_t last) {
    for (std::size_t row = first; row < last; ++row) {
      for (std::size_t c = 0; c < cells; ++c) own.append(static_cast<char>('a' + row));
    }
  };
  append_rows(text, rows, cells, make, 3);
  std::string expected;
  for (std::size_t row = 0; row < rows; ++row) expected += std::string(cells, static_cast<char>('a' + row));
  CHECK((output.kept == expected));
  CHECK(output.largest < cells);
}

TEST_CASE("an exception while rows are made reaches the caller, and no later row is written") {
  for (const std::size_t threads : {1, 4}) {
    StringOutput output;
    Buffer text(output);
    const MakeRows make = [](Buffer& own, std::size_t first, std::size_t last) {
      if (first > 200000) throw std::runtime_error("rows " + std::to_string(first));
      make_rows(own, first, last);
    };
    CHECK_THROWS_AS(append_rows(text, 1000000, 12, make, threads), std::runtime_error);
    const std::string written = output.text(), whole = all_rows(300000);
    CHECK((written == whole.substr(0, written.size())));
  }
}

TEST_CASE("a failing output ends the work soon and its exception reaches the caller") {
  struct Full : Output {
    void write(std::string_view) override {
      if (++pieces == 3) throw std::runtime_error("No space left on device");
    }
    int pieces = 0;
  };
  for (const std::size_t threads : {1, 4}) {
    Full output;
    Buffer text(output);
    std::atomic<std::size_t> made = 0;
    const MakeRows make = [&](Buffer& own, std::size_t first, std::size_t last) {
      made += last - first;
      make_rows(own, first, last);
    };
    CHECK_THROWS_WITH_AS(append_rows(text, 100000000, 12, make, threads), "No space left on device", std::runtime_error);
    CHECK(output.pieces == 3);
    CHECK(made < 50000000);
  }
}
