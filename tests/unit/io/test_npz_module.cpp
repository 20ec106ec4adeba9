#include <attn/io/file.hpp>
#include <attn/io/npz.hpp>

#include "io_testing.hpp"

using namespace attn;
using namespace attn::io;

namespace {

std::string stored() { return content_of(fixture("stored.npz")); }

// The bytes with a number written over them at `position` after the first (or last) `mark`.
std::string patched(std::string file, const std::string& mark, std::size_t position, std::uint64_t value,
                    int count) {
  const std::size_t at = file.find(mark);
  REQUIRE(at != std::string::npos);
  return file.replace(at + position, static_cast<std::size_t>(count), little_endian(value, count));
}

const std::string local = "PK\x03\x04", central = "PK\x01\x02";

std::string refusal(const std::string& file) {
  return error_of([&] { read_npz(make_bytes(file), "a.npz"); });
}

}  // namespace

TEST_CASE("bytes that are no archive are refused") {
  CHECK(contains(refusal(""), "input: a.npz: is not a sound ZIP archive: "));
  CHECK(contains(refusal("PK\x03\x04 and nothing else"), "input: a.npz: is not a sound ZIP archive: "));
  CHECK(contains(refusal(std::string(1000, 'x')), "input: a.npz: is not a sound ZIP archive: "));
}

TEST_CASE("a changed byte of data is found by its checksum") {
  std::string file = stored();
  file[file.find("NUMPY") + 130] = static_cast<char>(file[file.find("NUMPY") + 130] ^ 1);
  CHECK(contains(refusal(file), "input: a.npz:q: is not a sound ZIP archive: CRC error"));
}

TEST_CASE("an encrypted entry is refused") {
  std::string file = patched(stored(), central, 8, 1, 2);  // general purpose flag, bit 0
  CHECK(contains(refusal(file), "input: a.npz:q.npy: is encrypted"));
}

TEST_CASE("an unknown compression is refused by its number") {
  std::string file = patched(stored(), central, 10, 12, 2);  // 12 is bzip2
  CHECK(contains(refusal(file), "a.npz:q.npy: is compressed by ZIP method 12"));
}

TEST_CASE("a declared size that the compressed bytes cannot hold is refused before allocating") {
  // Offset 20 of the central record is the compressed size, 24 the uncompressed one.
  const std::string bomb = patched(content_of(fixture("deflated.npz")), central, 24, 0xfffffffe, 4);
  CHECK(contains(refusal(bomb), "a.npz:q.npy: declares 4294967294 bytes in "));
  CHECK(contains(refusal(patched(stored(), central, 24, 1000000, 4)), "which is not possible"));
  CHECK(contains(refusal(patched(patched(stored(), central, 24, 1000000, 4), central, 20, 1000000, 4)),
                 "declares 1000000 bytes in 1000000 compressed bytes of a file of 808"));
}

TEST_CASE("a declared size that is a little wrong is refused as well") {
  const std::string deflated = content_of(fixture("deflated.npz"));
  // q.npy has 128 + 48 = 176 bytes.
  CHECK(contains(refusal(patched(deflated, central, 24, 175, 4)), "input: a.npz:q: "));
  CHECK(contains(refusal(patched(deflated, central, 24, 177, 4)), "input: a.npz:q: "));
}

TEST_CASE("every cut of an archive is refused") {
  const std::string file = stored();
  for (std::size_t size = 0; size < file.size(); ++size) {
    CHECK(contains(refusal(file.substr(0, size)), "input: a.npz"));
  }
}

TEST_CASE("no single changed byte makes the reader fail in any other way than by a refusal") {
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const std::string file = content_of(fixture(name));
    for (std::size_t i = 0; i < file.size(); ++i) {
      for (const int change : {0x01, 0x80, 0xff}) {
        std::string changed = file;
        changed[i] = static_cast<char>(changed[i] ^ change);
        try {
          read_npz(make_bytes(changed), "a.npz", MemoryLimit(1 << 20));
        } catch (const Error& error) {
          CHECK((error.kind() == ErrorKind::input || error.kind() == ErrorKind::limit));
        }
      }
    }
  }
}
