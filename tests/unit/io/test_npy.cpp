#include <attn/io/file.hpp>
#include <attn/io/npy.hpp>

#include "io_testing.hpp"

#include <cmath>

using namespace attn;
using namespace attn::io;

namespace {

Array read_fixture(const std::string& name) { return read_npy(load_file(fixture(name), name), name); }

template <class T>
std::string written(const Tensor<T>& tensor) {
  StringSink sink;
  write_npy(sink, tensor);
  return sink.text();
}

std::string npy_bytes(const std::string& type, const std::string& shape, const std::string& data) {
  const std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + "}\n";
  return std::string("\x93NUMPY\x01") + '\0' + little_endian(text.size(), 2) + text + data;
}

Array read(const std::string& bytes, const MemoryLimit& limit = {}) {
  return read_npy(make_bytes(bytes), "a.npy", limit);
}

const std::vector<double> grid{-1.5, -0.5, 0.5, 1.5, 2.5, 3.5};

}  // namespace

TEST_CASE("files written by NumPy are read") {
  for (const char* name : {"float64.npy", "version2.npy", "version3.npy"}) {
    const Array array = read_fixture(name);
    CHECK(array.dtype == DType::float64);
    CHECK(array.shape == Shape{2, 3});
    CHECK(values_of(array) == grid);
  }
  CHECK(values_of(read_fixture("float32_scalar.npy")) == std::vector<double>{static_cast<double>(0.1f)});
  CHECK(read_fixture("float32_empty.npy").shape == Shape{2, 0, 3});
  CHECK(values_of(read_fixture("bool.npy")) == std::vector<double>{1, 0, 0, 1});
  const std::vector<double> half = values_of(read_fixture("float16.npy"));
  CHECK(std::vector<double>(half.begin(), half.begin() + 5) ==
        std::vector<double>{0, -2, 65504, 0x1p-24, HUGE_VAL});
  CHECK(std::isnan(half[5]));
}

TEST_CASE("a big-endian file in Fortran order gives its elements in row-major order") {
  const Array array = read_fixture("fortran_big_endian.npy");
  CHECK(array.byte_order == ByteOrder::big);
  CHECK(array.layout == Layout::column_major);
  const Tensor<double> tensor = to_tensor<double>(array, "x");
  CHECK(shape_of(tensor) == Shape{2, 3, 4});
  for (std::size_t i = 0; i < 24; ++i) CHECK(tensor.data()[i] == static_cast<double>(i));  // numpy.arange(24)
}

TEST_CASE("what we write is byte for byte what NumPy writes") {
  Tensor<double> tensor = empty<double>({2, 3});
  std::copy(grid.begin(), grid.end(), tensor.begin());
  CHECK(written(tensor) == content_of(fixture("float64.npy")));
  CHECK(written(Tensor<double>{0, 1, 2, 3, 4}) == content_of(fixture("float64_vector.npy")));
  CHECK(written(filled<float>({}, 0.1f)) == content_of(fixture("float32_scalar.npy")));
  CHECK(written(empty<float>({2, 0, 3})) == content_of(fixture("float32_empty.npy")));
}

TEST_CASE("the data is exactly as long as the shape says") {
  CHECK(values_of(read(npy_bytes("|i1", "(3,)", "\x01\x02\x03"))) == std::vector<double>{1, 2, 3});
  CHECK(error_of([] { read(npy_bytes("|i1", "(3,)", "\x01\x02")); }) ==
        "input: a.npy: declares shape (3,) of int8, which takes 3 bytes, but 2 follow the header");
  CHECK(contains(error_of([] { read(npy_bytes("<f8", "()", std::string(9, '\0'))); }),
                 "takes 8 bytes, but 9 follow"));
  CHECK(contains(error_of([] { read(npy_bytes("<f8", "(4294967296, 4294967296)", "")); }),
                 "declares shape (4294967296, 4294967296), more bytes than can be addressed"));
  CHECK(contains(error_of([] { read(npy_bytes("<f8", "(1000000000000,)", "")); }),
                 "takes 8000000000000 bytes, but 0"));
}

TEST_CASE("a byte that is no boolean is refused") {
  CHECK(contains(error_of([] { read(npy_bytes("|b1", "(2,)", "\x01\x07")); }),
                 "element (1,) of a bool array is the byte 7"));
}

TEST_CASE("an array over the memory limit is refused") {
  const std::string file = npy_bytes("<f4", "(2,)", std::string(8, '\0'));
  CHECK(contains(error_of([&] { read(file, MemoryLimit(7)); }), "limit: a.npy: needs 8 bytes"));
  CHECK_NOTHROW(read(file, MemoryLimit(8)));
}

TEST_CASE("every cut of a valid file is refused") {
  const std::string file = content_of(fixture("float64.npy"));
  for (std::size_t size = 0; size < file.size(); ++size) {
    CHECK(contains(error_of([&] { read(file.substr(0, size)); }), "input: a.npy: "));
  }
}
