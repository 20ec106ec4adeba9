#include <attn/io/file.hpp>

#include "io_testing.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

using namespace attn::io;

TEST_CASE("a file is its bytes, as long as somebody holds a part of them") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.bin", std::string("a\0b", 3) + "cdef");
  Bytes part;
  {
    const Bytes file = load_file(path, "a.bin");
    CHECK(file.text() == std::string_view("a\0bcdef", 7));
    part = file.slice(3, 2);
  }
  CHECK(part.text() == "cd");
  CHECK(load_file(folder.write("empty", ""), "empty").size == 0);
}

TEST_CASE("a file that says it is empty is read to its end") {
  CHECK(load_file("/proc/self/status", "status").size > 0);
}

TEST_CASE("a pipe is read to its end, within the limit") {
  const TemporaryFolder folder;
  const std::string fifo = folder / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const std::string content(300000, 'x');
  std::thread writer([&] { std::ofstream(fifo) << content; });
  const Bytes bytes = load_file(fifo, "fifo");
  writer.join();
  CHECK((bytes.text() == content));
  CHECK(is_file(fifo));

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "12345", 5) == 5);
  ::close(ends[1]);
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  CHECK(error_of([&] { load_file(path, "p", MemoryLimit(4)); }) ==
        "limit: p: needs 5 bytes of memory, the limit is 4");
  ::close(ends[0]);
}

TEST_CASE("of a pipe beyond the limit no more than one byte too many is taken") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string content(200000, 'x');
  std::thread writer([&] {
    std::ofstream(("/dev/fd/" + std::to_string(ends[1])).c_str()) << content;
    ::close(ends[1]);
  });
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  CHECK(error_of([&] { load_file(path, "p", MemoryLimit(100000)); }) == "limit: p: needs 100001 bytes of memory, the limit is 100000");
  CHECK(load_file(path, "p", MemoryLimit(99999)).size == 99999);  // what is left
  writer.join();
  ::close(ends[0]);
}

TEST_CASE("what the system refuses is said in its words") {
  const TemporaryFolder folder;
  CHECK(error_of([&] { load_file(folder / "none", "--query none"); }) ==
        "system: --query none: No such file or directory");
  CHECK(error_of([&] { load_file(folder / "", "folder"); }) == "system: folder: Is a directory");
  CHECK_FALSE(is_file(folder / ""));
  CHECK_FALSE(is_file(folder / "none"));
}

TEST_CASE("bytes whose pages were forgotten are read again") {
  const TemporaryFolder folder;
  const std::string content(100000, 'y');
  const Bytes file = load_file(folder.write("big", content), "big");
  CHECK(file.mapped);
  CHECK(file.slice(10, 20).mapped);
  forget_pages(file);
  forget_pages(file.slice(3, 5));  // less than a page
  CHECK((file.text() == content));
  const Bytes buffer = make_bytes(std::string("kept"));
  forget_pages(buffer);            // not a file: nothing to read it from again
  CHECK(buffer.text() == "kept");
}
