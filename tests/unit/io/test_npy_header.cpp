#include <attn/io/npy_header.hpp>

#include "io_testing.hpp"

using namespace attn;
using namespace attn::io;

namespace {

std::string with_header(const std::string& dictionary, int major = 1) {
  return std::string("\x93NUMPY") + static_cast<char>(major) + '\0' +
         little_endian(dictionary.size(), major == 1 ? 2 : 4) + dictionary;
}

NpyHeader parse(const std::string& dictionary, int major = 1) {
  return parse_npy_header(with_header(dictionary, major), "a.npy");
}

std::string refusal(const std::string& dictionary) {
  return error_of([&] { parse(dictionary); });
}

std::string refusal_of_type(const std::string& descr) {
  return refusal("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,), }");
}

}  // namespace

TEST_CASE("the dictionary that NumPy writes is read, in every version") {
  for (const int version : {1, 2, 3}) {
    const NpyHeader header =
        parse("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n", version);
    CHECK(header.dtype == DType::float64);
    CHECK(header.byte_order == ByteOrder::little);
    CHECK(header.layout == Layout::row_major);
    CHECK(header.shape == Shape{3, 4});
    CHECK(header.data_offset == (version == 1 ? 10u : 12u) + 63u);
  }
}

TEST_CASE("keys may come in any order, with either quote, without the last comma") {
  const NpyHeader header = parse("{\"shape\":(5,),'fortran_order':True,'descr':'>i2'}");
  CHECK(header.dtype == DType::int16);
  CHECK(header.byte_order == ByteOrder::big);
  CHECK(header.layout == Layout::column_major);
  CHECK(header.shape == Shape{5});
}

TEST_CASE("shapes are tuples") {
  const auto shape = [](const std::string& text) {
    return parse("{'descr': '|u1', 'fortran_order': False, 'shape': " + text + "}").shape;
  };
  CHECK(shape("()") == Shape{});
  CHECK(shape("(0, 7)") == Shape{0, 7});
  CHECK(shape("(3, 4, )") == Shape{3, 4});
  CHECK(shape("(3L, 4L)") == Shape{3, 4});  // Python 2
  for (const char* text :
       {"(3)", "3", "[3,4]", "(-1,)", "(3.0,)", "(,)", "(3 4)", "(3,4", "(99999999999999999999,)"}) {
    CAPTURE(text);
    CHECK(contains(error_of([&] { shape(text); }), "input: a.npy: malformed NPY header: expected "));
  }
}

TEST_CASE("every real and boolean element type is known") {
  const auto type = [](const std::string& descr) {
    return parse("{'descr': '" + descr + "', 'fortran_order': False, 'shape': ()}").dtype;
  };
  CHECK(type("<f2") == DType::float16);
  CHECK(type(">f4") == DType::float32);
  CHECK(type("=f8") == DType::float64);
  CHECK(type("|i1") == DType::int8);
  CHECK(type("<i4") == DType::int32);
  CHECK(type("<i8") == DType::int64);
  CHECK(type("|u1") == DType::uint8);
  CHECK(type("<u2") == DType::uint16);
  CHECK(type("<u4") == DType::uint32);
  CHECK(type("<u8") == DType::uint64);
  CHECK(type("|b1") == DType::boolean);
  CHECK(type("bfloat16") == DType::bfloat16);
}

TEST_CASE("other element types are refused by name") {
  CHECK(refusal_of_type("'|O'") ==
        "input: a.npy: has element type '|O' (Python objects); expected real numbers or booleans");
  CHECK(contains(refusal_of_type("'<c16'"), "'<c16' (complex numbers)"));
  CHECK(contains(refusal_of_type("'<U5'"), "'<U5' (text)"));
  CHECK(contains(refusal_of_type("'|S3'"), "(byte strings)"));
  CHECK(contains(refusal_of_type("'<M8[ns]'"), "(dates)"));
  CHECK(contains(refusal_of_type("'|V4'"), "(raw bytes or structures)"));
  CHECK(contains(refusal_of_type("[('a', '<f8')]"), "has a structured element type"));
  CHECK(contains(refusal_of_type("'|V2'"), "bfloat16 is saved so"));
  CHECK(contains(refusal_of_type("'<V2'"), "bfloat16 is saved so"));
  for (const char* descr : {"''", "'f8'", "'<f16'", "'<'", "'|f8'", "'<b1x'"}) {
    CAPTURE(descr);
    CHECK(contains(refusal_of_type(descr), "has element type "));
  }
}

TEST_CASE("missing, repeated and unknown keys are refused") {
  CHECK(contains(refusal("{'descr': '<f8', 'shape': (1,)}"), "no key 'fortran_order'"));
  CHECK(contains(refusal("{'fortran_order': False, 'shape': (1,)}"), "no key 'descr'"));
  CHECK(contains(refusal("{'descr': '<f8', 'fortran_order': False}"), "no key 'shape'"));
  CHECK(contains(refusal("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': ()}"),
                 "unexpected or repeated key 'descr'"));
  CHECK(contains(refusal("{'descr': '<f8', 'fortran_order': False, 'shape': (), 'x': 1}"),
                 "unexpected or repeated key 'x'"));
}

TEST_CASE("only the literals that NumPy writes are read") {
  CHECK(contains(refusal(""), "expected '{' at byte 0 of the dictionary, found its end"));
  CHECK(contains(refusal("{'descr': '<f8', 'fortran_order': 0, 'shape': ()}"), "expected True or False"));
  CHECK(contains(refusal("{'descr': '<\\x66 8', 'fortran_order': False, 'shape': ()}"),
                 "expected a plain string"));
  CHECK(contains(refusal("{'descr': '<f8"), "expected a plain string"));
  CHECK(
      contains(refusal("{'descr': '<f8', 'fortran_order': False, 'shape': ()} 1"), "expected nothing more"));
  CHECK(contains(refusal("{'descr': '<f8' 'fortran_order': False, 'shape': ()}"), "expected '}'"));
  CHECK(contains(refusal("{'descr': '<f8', 'fortran_order': False, 'shape': ()"), "expected '}'"));
}

TEST_CASE("a wrong beginning is refused before the dictionary is read") {
  const auto parse_bytes = [](const std::string& file) {
    return error_of([&] { parse_npy_header(file, "a.npy"); });
  };
  CHECK(contains(parse_bytes(""), "is not an NPY file"));
  CHECK(contains(parse_bytes("PK\x03\x04 and more"), "is not an NPY file"));
  CHECK(contains(parse_bytes("\x93NUMPY\x01"), "ends inside the NPY header"));
  CHECK(contains(parse_bytes(std::string("\x93NUMPY\x02\0\x10\0", 10)), "ends inside the NPY header"));
  CHECK(contains(parse_bytes(std::string("\x93NUMPY\x04\0\x10\0\0\0", 12)), "is NPY version 4.0"));
  CHECK(contains(parse_bytes(std::string("\x93NUMPY\x01\x01\x10\0", 10)), "is NPY version 1.1"));
  CHECK(contains(parse_bytes(std::string("\x93NUMPY\x01\0\xff\0", 10)),
                 "declares an NPY header of 255 bytes, but only 0"));
  CHECK(contains(parse_bytes(std::string("\x93NUMPY\x02\0\xff\xff\xff\xff{}", 14)),
                 "header of 4294967295 bytes, but only 2"));
}

TEST_CASE("a header of ours is padded to a multiple of 64 and parsed back") {
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape(64, 1000000)}) {
    const std::string text = format_npy_header(DType::float32, shape);
    CHECK(text.size() % 64 == 0);
    CHECK(text.back() == '\n');
    const NpyHeader header = parse_npy_header(text, "a.npy");
    CHECK(header.dtype == DType::float32);
    CHECK(header.shape == shape);
    CHECK(header.data_offset == text.size());
  }
}
