#include <attn/io/file.hpp>
#include <attn/io/safetensors.hpp>

#include "io_testing.hpp"

using namespace attn;
using namespace attn::io;

namespace {

std::string file_of(const std::string& header, const std::string& data) {
  return little_endian(header.size(), 8) + header + data;
}

std::vector<NamedArray> read(const std::string& header, const std::string& data) {
  return read_safetensors(make_bytes(file_of(header, data)), "a.safetensors");
}

std::string refusal(const std::string& header, const std::string& data = "") {
  return error_of([&] { read(header, data); });
}

// One tensor "t" with the given type, shape and offsets.
std::string header_of(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"t":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

}  // namespace

TEST_CASE("a file made from the format's description is read, in the order of its data") {
  const std::vector<NamedArray> arrays =
      read_safetensors(load_file(fixture("mixed.safetensors"), "m"), "mixed.safetensors");
  REQUIRE(arrays.size() == 5);
  CHECK(arrays[0].name == "weight");
  CHECK(arrays[0].array.dtype == DType::float32);
  CHECK(values_of(arrays[0].array) == std::vector<double>{-1.5, -0.5, 0.5, 1.5, 2.5, 3.5});
  CHECK(arrays[1].array.dtype == DType::float16);
  CHECK(values_of(arrays[1].array) == std::vector<double>{0.5, -1});
  CHECK(values_of(arrays[2].array) == std::vector<double>{1, -2, 3.140625});
  CHECK(arrays[3].array.shape == Shape{});
  CHECK(values_of(arrays[3].array) == std::vector<double>{12});
  CHECK(values_of(arrays[4].array) == std::vector<double>{1, 0});
}

TEST_CASE("a file without tensors, or with empty ones, is read") {
  CHECK(read("{}", "").empty());
  CHECK(read(R"({"__metadata__":{"format":"pt"}}   )", "").empty());
  const std::vector<NamedArray> arrays = read(R"({"b":{"dtype":"F32","shape":[0,4],"data_offsets":[1,1]},
                                                  "a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                                              "x");
  CHECK(arrays[1].array.shape == Shape{0, 4});
}

TEST_CASE("the header must fit the file") {
  const auto read_bytes = [](const std::string& file) {
    return error_of([&] { read_safetensors(make_bytes(file), "a.safetensors"); });
  };
  CHECK(contains(read_bytes("1234567"), "has 7 bytes, fewer than the 8 of the header length"));
  CHECK(read_bytes(little_endian(3, 8) + "{}") ==
        "input: a.safetensors: declares a header of 3 bytes, but only 2 follow");
  CHECK(contains(read_bytes(little_endian(100000001, 8) + "{}"),
                 "declares a header of 100000001 bytes; at most 100000000"));
  CHECK(contains(read_bytes(little_endian(~0ULL, 8) + "{}"),
                 "declares a header of 18446744073709551615 bytes"));
  CHECK(contains(read_bytes(little_endian(3, 8) + " {}"), "does not begin with '{'"));
  CHECK(contains(read_bytes(little_endian(1, 8) + "{"), "parse error"));
}

TEST_CASE("a tensor's entry has exactly three fields of the right kind") {
  CHECK(contains(refusal(R"({"t":{"dtype":"F32","shape":[0]}})"),
                 "a.safetensors:t: malformed safetensors header: expected"));
  CHECK(contains(refusal(R"({"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}})"),
                 "expected exactly"));
  CHECK(contains(refusal(R"({"t":[1,2,3]})"), "expected exactly"));
  CHECK(contains(refusal(header_of("F32", "[-1]", "[0,0]")), "\"shape\" is not a list of sizes"));
  CHECK(contains(refusal(header_of("F32", "[1.0]", "[0,0]")), "\"shape\" is not a list of sizes"));
  CHECK(contains(refusal(header_of("F32", "4", "[0,0]")), "\"shape\" is not a list of sizes"));
  CHECK(contains(refusal(header_of("F32", "[0]", "\"0,0\"")), "\"data_offsets\" is not a list of sizes"));
}

TEST_CASE("other element types are refused by name") {
  CHECK(contains(refusal(header_of("F8_E4M3", "[1]", "[0,1]"), "x"),
                 "a.safetensors:t: has element type 'F8_E4M3'; expected F64"));
  CHECK(contains(refusal(header_of("C64", "[1]", "[0,8]"), "12345678"), "'C64'"));
  CHECK(contains(refusal(R"({"t":{"dtype":7,"shape":[1],"data_offsets":[0,1]}})", "x"),
                 "has element type '7'"));
  CHECK(contains(refusal(R"({"two\nlines":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}})", "x"),
                 "a.safetensors:two\\x0alines: has element type 'F8'"));
}

TEST_CASE("offsets cover the data exactly") {
  CHECK(contains(refusal(header_of("U8", "[2]", "[0,2]"), "x"), "has data_offsets [0,2] in 1 bytes of data"));
  CHECK(contains(refusal(header_of("U8", "[2]", "[2,0]"), "xy"), "has data_offsets [2,0]"));
  CHECK(contains(refusal(header_of("U8", "[2]", "[0]"), "xy"), "has data_offsets [0]"));
  CHECK(contains(refusal(header_of("U8", "[2]", "[0,18446744073709551615]"), "xy"), "has data_offsets"));
  CHECK(contains(refusal(header_of("F32", "[2]", "[0,4]"), "1234"),
                 "declares shape (2,) of float32, which takes 8 bytes, but its data_offsets hold 4"));
  CHECK(contains(refusal(header_of("F64", "[4294967296,4294967296]", "[0,0]")),
                 "more bytes than can be addressed"));
  CHECK(contains(refusal(header_of("U8", "[1]", "[1,2]"), "xy"),
                 "begins at byte 1 of the data, but the tensors before it end at 0"));
  CHECK(contains(refusal(header_of("U8", "[1]", "[0,1]"), "xy"),
                 "has 2 bytes of data, but its tensors take 1"));
  CHECK(contains(refusal("{}", "x"), "has 1 bytes of data, but its tensors take 0"));
  const std::string overlap = R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},
                                  "b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})";
  CHECK(contains(refusal(overlap, "xyz"),
                 "a.safetensors:b: begins at byte 1 of the data, but the tensors before it end at 2"));
}

TEST_CASE("duplicate names, bad booleans and metadata that is not text are refused") {
  CHECK(contains(refusal(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},
                             "t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                         "x"),
                 "has the key 't' twice"));
  CHECK(contains(refusal(header_of("BOOL", "[2]", "[0,2]"), "\x01\x02"),
                 "element (1,) of a bool array is the byte 2"));
  CHECK(
      contains(refusal(R"({"__metadata__":{"version":1}})"), "\"__metadata__\" is not an object of strings"));
  CHECK(contains(refusal(R"({"__metadata__":["x"]})"), "\"__metadata__\" is not an object of strings"));
}

TEST_CASE("a tensor over the memory limit is refused") {
  const Bytes file = make_bytes(file_of(header_of("U8", "[3]", "[0,3]"), "xyz"));
  CHECK(
      contains(error_of([&] { read_safetensors(file, "a", MemoryLimit(2)); }), "limit: a:t: needs 3 bytes"));
}

TEST_CASE("what we write is the header by hand, then the data") {
  const Tensor<double> a{{1.5, -2}};
  const Tensor<float> b{0.25f};
  StringSink sink;
  write_safetensors(sink, {{"b \"x\"", b}, {"a", a}}, {{"note", "Kᵀ\n"}});
  std::string header = R"({"__metadata__":{"note":"Kᵀ\n"},)"
                       R"("b \"x\"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("a":{"dtype":"F64","shape":[1,2],"data_offsets":[4,20]}})";
  while (header.size() % 8 != 0) header += ' ';
  CHECK(sink.text() ==
        file_of(header, bytes_of(std::vector<float>{0.25f}) + bytes_of(std::vector<double>{1.5, -2})));
  CHECK(looks_like_safetensors(sink.text()));
  const std::vector<NamedArray> arrays = read_safetensors(make_bytes(sink.text()), "own");
  CHECK(arrays[1].name == "a");
  CHECK(values_of(arrays[1].array) == std::vector<double>{1.5, -2});
}

TEST_CASE("no tensors make a valid file; repeated names make none") {
  StringSink sink;
  write_safetensors(sink, std::vector<NamedView>{});
  CHECK(sink.text() == file_of("{}      ", ""));
  const Tensor<double> a{1};
  CHECK(contains(error_of([&] {
                   write_safetensors(sink, {{"a", a}, {"a", a}});
                 }),
                 "usage: 'a': cannot name"));
  CHECK(contains(error_of([&] { write_safetensors(sink, {{"__metadata__", a}}); }), "usage: '__metadata__'"));
}

TEST_CASE("safetensors is recognised by a header length that fits and a brace") {
  CHECK(looks_like_safetensors(file_of("{}", "")));
  CHECK_FALSE(looks_like_safetensors(little_endian(9, 8) + "{}"));
  CHECK_FALSE(looks_like_safetensors("[[1,2,3],{"));
  CHECK_FALSE(looks_like_safetensors(""));
}

TEST_CASE("every cut of a valid file is refused") {
  const std::string file = content_of(fixture("mixed.safetensors"));
  for (std::size_t size = 0; size < file.size(); ++size) {
    CHECK(contains(error_of([&] { read_safetensors(make_bytes(file.substr(0, size)), "a"); }), "input: a"));
  }
}
