#include <attn/io/background_sink.hpp>

#include "io_testing.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

using namespace attn::io;

namespace {

constexpr std::size_t block = std::size_t{1} << 18;

/// A descriptor for a test, closed at its end.
struct Descriptor {
  explicit Descriptor(const std::string& path, int flags = O_WRONLY) : number(::open(path.c_str(), flags, 0600)) {}
  ~Descriptor() { ::close(number); }
  int number;
};

}  // namespace

TEST_CASE("pieces small and large arrive in order, through the thread and past it") {
  const TemporaryFolder folder;
  const Descriptor file(folder / "out", O_WRONLY | O_CREAT);
  BackgroundSink sink(file.number, "out");
  std::string expected;
  for (const std::size_t size : {std::size_t{1}, block - 1, std::size_t{0}, std::size_t{2}, block, std::size_t{7}, 3 * block,
                                 block - 2, std::size_t{3}, std::size_t{5}}) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    sink.write(piece);
    expected += piece;
  }
  for (int i = 0; i < 100000; ++i) {  // several blocks of small pieces
    const std::string piece = std::to_string(i) + "\n";
    sink.write(piece);
    expected += piece;
  }
  sink.finish();
  CHECK((content_of(folder / "out") == expected));
}

TEST_CASE("a result smaller than a block is written at the end") {
  const TemporaryFolder folder;
  const Descriptor file(folder / "out", O_WRONLY | O_CREAT);
  BackgroundSink sink(file.number, "out");
  sink.write("x");
  CHECK(content_of(folder / "out").empty());
  sink.finish();
  CHECK(content_of(folder / "out") == "x");
}

TEST_CASE("a full disk is an error, whoever met it") {
  const std::string message = "system: result.csv: No space left on device";
  const Descriptor full("/dev/full");
  SUBCASE("the end") {
    BackgroundSink sink(full.number, "result.csv");
    sink.write("x");
    CHECK(error_of([&] { sink.finish(); }) == message);
  }
  SUBCASE("a large piece") {
    BackgroundSink sink(full.number, "result.csv");
    CHECK(error_of([&] { sink.write(std::string(block, 'x')); }) == message);
  }
  SUBCASE("the thread") {
    BackgroundSink sink(full.number, "result.csv");
    sink.write(std::string(block - 1, 'x'));
    sink.write("xx");  // hands the block over
    CHECK(error_of([&] { sink.finish(); }) == message);
  }
}

TEST_CASE("without finish the sink ends quietly") {
  const Descriptor full("/dev/full");
  BackgroundSink sink(full.number, "result.csv");
  sink.write(std::string(block - 1, 'x'));
  sink.write("xx");
}
