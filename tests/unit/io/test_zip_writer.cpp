#include <attn/io/npz_module.hpp>
#include <attn/io/zip_writer.hpp>
#include <attn/module.hpp>

#include "io_testing.hpp"

#include <sys/mman.h>

using namespace attn;
using namespace attn::io;

namespace {

std::unique_ptr<ZipReader> open(const Bytes& file) {
  const auto open_zip =
      reinterpret_cast<OpenZip*>(module_symbol(load_module("attnscope_npz"), "attnscope_open_zip"));
  return open_zip(file, "a.zip");
}

// Keeps the first and the last bytes of an archive that is too large to keep.
class EndsSink : public Sink {
 public:
  void write(std::string_view bytes) override {
    if (head.size() < 200) head += bytes.substr(0, 200);
    tail += bytes.substr(bytes.size() > 500 ? bytes.size() - 500 : 0);
  }
  void finish() override {}
  std::string head, tail;
};

// AddressSanitizer checks every byte of the 4 GiB below, and would find nothing new in them.
#ifdef __SANITIZE_ADDRESS__
constexpr bool checksums_are_slow = true;
#else
constexpr bool checksums_are_slow = false;
#endif

}  // namespace

TEST_CASE("the archive of one entry is these bytes") {
  StringSink sink;
  ZipWriter zip(sink);
  zip.add("a.npy", "12345", "6789");
  zip.finish();
  // APPNOTE 4.3.7, 4.3.12, 4.3.16. CRC-32 of "123456789" is CBF43926; 1980-01-01 is 0021 hexadecimal.
  const std::string common = little_endian(20, 2) + little_endian(0x800, 2) + little_endian(0, 2) +
                             little_endian(0, 2) + little_endian(0x21, 2) + little_endian(0xCBF43926, 4) +
                             little_endian(9, 4) + little_endian(9, 4) + little_endian(5, 2) +
                             little_endian(0, 2);
  const std::string local = "PK\x03\x04" + common + "a.npy" + "123456789";
  const std::string central =
      "PK\x01\x02" + little_endian(20, 2) + common + std::string(10, '\0') + little_endian(0, 4) + "a.npy";
  const std::string end = "PK\x05\x06" + little_endian(0, 4) + little_endian(1, 2) + little_endian(1, 2) +
                          little_endian(central.size(), 4) + little_endian(local.size(), 4) +
                          little_endian(0, 2);
  CHECK(sink.text() == local + central + end);
}

TEST_CASE("an archive without entries is an end record") {
  StringSink sink;
  ZipWriter zip(sink);
  zip.finish();
  CHECK(sink.text() == "PK\x05\x06" + std::string(18, '\0'));
  CHECK(open(make_bytes(sink.text()))->entries().empty());
}

TEST_CASE("more than 65534 entries need ZIP64 records, which libzip reads") {
  StringSink sink;
  ZipWriter zip(sink);
  constexpr std::size_t count = 65537;
  for (std::size_t i = 0; i < count; ++i) zip.add("e" + std::to_string(i), "", "x");
  zip.finish();
  const auto reader = open(make_bytes(sink.text()));
  REQUIRE(reader->entries().size() == count);
  CHECK(reader->entries()[count - 1].name == "e65536");
  CHECK(reader->read(count - 1, "e") == "x");
}

TEST_CASE("a size and an offset from 2^32 on stand in ZIP64 fields" * doctest::skip(checksums_are_slow)) {
  // Pages that are never written take no memory, so a body of 4 GiB of zeros is cheap to have.
  constexpr std::size_t size = std::size_t{1} << 32;
  void* zeros = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(zeros != MAP_FAILED);
  EndsSink sink;
  ZipWriter zip(sink);
  zip.add("big", "", {static_cast<const char*>(zeros), size});
  zip.add("next", "", "x");
  zip.finish();
  ::munmap(zeros, size);
  const std::string ones = little_endian(0xffffffff, 4);
  const std::string both_sizes =
      little_endian(1, 2) + little_endian(16, 2) + little_endian(size, 8) + little_endian(size, 8);
  const std::string only_offset =
      little_endian(1, 2) + little_endian(8, 2) + little_endian(30 + 3 + 20 + size, 8);
  CHECK(sink.head.substr(4, 2) == little_endian(45, 2));
  CHECK(sink.head.substr(18, 8) == ones + ones);
  CHECK(contains(sink.head, "big" + both_sizes));
  CHECK(contains(sink.tail, "big" + both_sizes));
  CHECK(contains(sink.tail, ones + "next" + only_offset));
  CHECK(contains(sink.tail, "PK\x06\x06" + little_endian(44, 8)));
  CHECK(contains(sink.tail, "PK\x06\x07"));
}
