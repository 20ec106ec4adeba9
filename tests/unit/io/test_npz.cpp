#include <attn/io/crc32.hpp>
#include <attn/io/file.hpp>
#include <attn/io/npy_header.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/zip_writer.hpp>

#include "io_testing.hpp"

using namespace attn;
using namespace attn::io;

namespace {

using Names = std::vector<std::string>;

Bytes load(const std::string& name) { return load_file(fixture(name), name); }

Bytes archive(const std::vector<std::pair<std::string, std::string>>& entries) {
  StringSink sink;
  ZipWriter zip(sink);
  for (const auto& [name, content] : entries) zip.add(name, content, "");
  zip.finish();
  return make_bytes(sink.text());
}

// A record of the directory or in front of an entry (APPNOTE.TXT 4.3.7 and 4.3.12): stored, both sizes in the field.
std::string sizes_of_entry(const std::string& name, std::uint32_t crc, const std::string& extra, std::uint32_t sizes) {
  return little_endian(45, 2) + little_endian(0, 8) + little_endian(crc, 4) + little_endian(sizes, 4) + little_endian(sizes, 4) +
         little_endian(name.size(), 2) + little_endian(extra.size(), 2);
}

// Two arrays, of which the first takes 4 GiB of zeros that are never written: a hole of the file. Returns its size.
std::size_t write_large_archive(const std::string& path) {
  constexpr std::uint32_t ones = 0xffffffff;  // "stands in the ZIP64 field"
  constexpr std::uint64_t zeros = std::uint64_t{1} << 32;
  const std::string header = format_npy_header(DType::float32, {1 << 15, 1 << 15});
  const std::string small = format_npy_header(DType::float64, {3}) + bytes_of<double>({0.5, 1.5, 2.5});
  const std::uint64_t big_size = header.size() + zeros, small_size = small.size();
  const std::string sizes = little_endian(1, 2) + little_endian(16, 2) + little_endian(big_size, 8) + little_endian(big_size, 8);
  const std::string begin = "PK\x03\x04" + sizes_of_entry("big.npy", 0, sizes, ones) + "big.npy" + sizes + header;
  const std::uint64_t second = begin.size() + zeros;
  const std::uint32_t crc = crc32(0, small);
  const std::string offset = little_endian(1, 2) + little_endian(8, 2) + little_endian(second, 8);
  const std::string next = "PK\x03\x04" + sizes_of_entry("small.npy", crc, "", static_cast<std::uint32_t>(small_size)) + "small.npy" + small;
  const std::string directory = "PK\x01\x02" + little_endian(45, 2) + sizes_of_entry("big.npy", 0, sizes, ones) + std::string(14, '\0') + "big.npy" + sizes +
                                "PK\x01\x02" + little_endian(45, 2) + sizes_of_entry("small.npy", crc, offset, static_cast<std::uint32_t>(small_size)) +
                                std::string(10, '\0') + little_endian(ones, 4) + "small.npy" + offset;
  const std::uint64_t directory_at = second + next.size(), end64_at = directory_at + directory.size();
  const std::string end64 = "PK\x06\x06" + little_endian(44, 8) + little_endian(45, 2) + little_endian(45, 2) + little_endian(0, 8) +
                            little_endian(2, 8) + little_endian(2, 8) + little_endian(directory.size(), 8) + little_endian(directory_at, 8);
  const std::string locator = "PK\x06\x07" + little_endian(0, 4) + little_endian(end64_at, 8) + little_endian(1, 4);
  const std::string end = "PK\x05\x06" + little_endian(0, 4) + little_endian(2, 2) + little_endian(2, 2) + little_endian(directory.size(), 4) +
                          little_endian(ones, 4) + little_endian(0, 2);
  std::ofstream file(path, std::ios::binary);
  file << begin;
  file.seekp(static_cast<std::streamoff>(second));
  file << next << directory << end64 << locator << end;
  return second + next.size() + directory.size() + end64.size() + locator.size() + end.size();
}

const std::vector<double> grid{-1.5, -0.5, 0.5, 1.5, 2.5, 3.5};

}  // namespace

TEST_CASE("what numpy.savez and numpy.savez_compressed write is read") {
  const Bytes stored = load("stored.npz");
  CHECK(npz_names(stored, "s") == Names{"q", "mask", "ids"});
  const std::vector<NamedArray> arrays = read_npz(stored, "s");
  REQUIRE(arrays.size() == 3);
  CHECK(values_of(arrays[0].array) == grid);
  CHECK(arrays[1].array.dtype == DType::boolean);
  CHECK(values_of(arrays[2].array) == std::vector<double>{3, 1, 2});

  const Bytes deflated = load("deflated.npz");
  CHECK(values_of(read_npz_entry(deflated, "q", "d")) == grid);
  CHECK(values_of(read_npz_entry(deflated, "zeros", "d")) == std::vector<double>(64 * 64, 0));
}

TEST_CASE("an array that is not there is refused") {
  CHECK(error_of([] { read_npz_entry(load("stored.npz"), "k", "s.npz"); }) ==
        "input: s.npz: holds no array 'k'");
}

TEST_CASE("errors of an entry name the archive and the entry") {
  CHECK(contains(error_of([] {
                   read_npz(archive({{"readme.txt", "hello"}}), "a.npz");
                 }),
                 "input: a.npz:readme.txt: is not an NPY file"));
  CHECK(contains(error_of([] { read_npz(archive({{"q.npy", "\x93NUMPY"}}), "a.npz"); }), "input: a.npz:q: "));
  CHECK(contains(error_of([] {
                   read_npz(archive({{"two\nlines", "hello"}}), "a.npz");
                 }),
                 "a.npz:two\\x0alines: is not"));
}

TEST_CASE("two entries of one name are refused, also when only one has the suffix") {
  CHECK(error_of([] {
          npz_names(archive({{"q.npy", ""}, {"q", ""}}), "a.npz");
        }) == "input: a.npz: has two arrays named 'q'");
  CHECK(contains(error_of([] {
                   npz_names(archive({{"q.npy", ""}, {"k.npy", ""}, {"q.npy", ""}}), "a.npz");
                 }),
                 "input: a.npz: "));
}

TEST_CASE("a PyTorch checkpoint is told from an NPZ file") {
  CHECK(contains(error_of([] {
                   npz_names(archive({{"model/data.pkl", "x"}}), "w.pt");
                 }),
                 "w.pt: is a PyTorch checkpoint"));
}

TEST_CASE("declared sizes are held against the limit before anything is decompressed") {
  const Bytes file = load("deflated.npz");  // q: 48 bytes, zeros: 16384 bytes, each behind a header of 128
  CHECK(error_of([&] { read_npz_entry(file, "zeros", "d", MemoryLimit(16511)); }) ==
        "limit: d:zeros: needs 16512 bytes of memory, the limit is 16511");
  CHECK_NOTHROW(read_npz_entry(file, "q", "d", MemoryLimit(16511)));
  CHECK(contains(error_of([&] { read_npz(file, "d", MemoryLimit(16687)); }), "limit: d: needs 16688 bytes"));
  CHECK_NOTHROW(read_npz(file, "d", MemoryLimit(16688)));
}

TEST_CASE("what we write is read back by libzip, from a float64 and a float32 tensor") {
  const Tensor<double> a{{1.5, -2}, {3, 4}};
  const Tensor<float> b{0.25f};
  StringSink first, second;
  write_npz(first, {{"encoder.0.q", a}, {"Kᵀ", b}});
  write_npz(second, {{"encoder.0.q", a}, {"Kᵀ", b}});
  CHECK(first.text() == second.text());
  const std::vector<NamedArray> arrays = read_npz(make_bytes(first.text()), "own");
  REQUIRE(arrays.size() == 2);
  CHECK(arrays[0].name == "encoder.0.q");
  CHECK(arrays[0].array.shape == Shape{2, 2});
  CHECK(values_of(arrays[0].array) == std::vector<double>{1.5, -2, 3, 4});
  CHECK(arrays[1].name == "Kᵀ");
  CHECK(arrays[1].array.dtype == DType::float32);
}

TEST_CASE("entries from 4 GiB on, and beyond, are read through their ZIP64 fields") {
  const TemporaryFolder folder;
  const std::size_t end = write_large_archive(folder / "large.npz");
  const Bytes file = load_file(folder / "large.npz", "z");
  REQUIRE(file.size == end);
  CHECK(npz_names(file, "z") == Names{"big", "small"});
  const std::vector<ArrayHeader> headers = read_npz_headers(file, "z");
  REQUIRE(headers.size() == 2);
  CHECK(headers[0].shape == Shape{1 << 15, 1 << 15});
  CHECK(headers[1].shape == Shape{3});
  CHECK(values_of(read_npz_entry(file, "small", "z")) == std::vector<double>{0.5, 1.5, 2.5});
  CHECK(error_of([&] { read_npz_entry(file, "big", "z", MemoryLimit(1 << 20)); }) ==
        "limit: z:big: needs 4294967424 bytes of memory, the limit is 1048576");
}

TEST_CASE("names that an archive cannot hold are refused") {
  const Tensor<double> a{1};
  StringSink sink;
  CHECK(contains(error_of([&] { write_npz(sink, {{"a", a}, {"a", a}}); }), "usage: 'a': cannot name"));
  CHECK(contains(error_of([&] { write_npz(sink, {{"", a}}); }), "usage: '': cannot name"));
  CHECK(contains(error_of([&] {
                   write_npz(sink, {{std::string(65532, 'n'), a}});
                 }),
                 "shorter than 65532 bytes"));
}

TEST_CASE("an archive is known by its beginning, also without entries") {
  CHECK(looks_like_npz("PK\x03\x04 and more"));
  CHECK(looks_like_npz("PK\x05\x06"));
  CHECK_FALSE(looks_like_npz("PK"));
  CHECK_FALSE(looks_like_npz("\x93NUMPY"));
}
