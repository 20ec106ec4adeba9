#include <attn/io/file.hpp>
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
