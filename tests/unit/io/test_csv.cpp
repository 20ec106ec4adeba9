#include <attn/io/csv.hpp>

#include "io_testing.hpp"

#include <cmath>

using namespace attn;
using namespace attn::io;

namespace {

Array read(const std::string& text) {
  const std::vector<NamedArray> arrays = read_csv(text, "a.csv");
  REQUIRE(arrays.size() == 1);
  CHECK(arrays[0].name.empty());
  return arrays[0].array;
}

std::string refusal(const std::string& text) {
  return error_of([&] { read_csv(text, "a.csv"); });
}

}  // namespace

TEST_CASE("a matrix has rank 2, also with one row or one column") {
  const Array array = read("1.5,2\n-3,4e1\n5,.5\n");
  CHECK(array.shape == Shape{3, 2});
  CHECK(array.dtype == DType::float64);
  CHECK(values_of(array) == std::vector<double>{1.5, 2, -3, 40, 5, 0.5});
  CHECK(read("1,2,3").shape == Shape{1, 3});
  CHECK(read("1\n2\n").shape == Shape{2, 1});
}

TEST_CASE("a matrix of integers is int64, unless one of them is -0") {
  CHECK(read("1,0\n0,1").dtype == DType::int64);
  CHECK(values_of(read("1,0\n0,-7")) == std::vector<double>{1, 0, 0, -7});
  CHECK(read("1,-0").dtype == DType::float64);
  CHECK(std::signbit(values_of(read("1,-0"))[1]));
}

TEST_CASE("a first row without any number is a header") {
  CHECK(values_of(read("k0,k1\r\n1,2\r\n")) == std::vector<double>{1, 2});
  CHECK(values_of(read("\"first key\",\"second, key\"\n1,2\n")) == std::vector<double>{1, 2});
  CHECK(refusal("k0,1\n2,3\n") == "input: a.csv: line 1, column 1: 'k0'; expected a number");
  CHECK(std::isnan(values_of(read("nan,nan\n1,2\n"))[0]));
  CHECK(values_of(read(" 1, 2\n 3, 4\n")) == std::vector<double>{1, 2, 3, 4});  // blanks around a number do not hide it
  CHECK(values_of(read("1 ,\t2\n3,4\n")) == std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("non-finite cells are numbers") {
  const std::vector<double> values = values_of(read("NaN,Infinity,-Infinity\n1,inf,-INF\n"));
  CHECK(std::isnan(values[0]));
  CHECK(values[1] == HUGE_VAL);
  CHECK(values[2] == -HUGE_VAL);
  CHECK(values[5] == -HUGE_VAL);
}

TEST_CASE("everything that is not a matrix of numbers is refused with its place") {
  CHECK(refusal("1,2\n3\n") == "input: a.csv: line 2 has 1 cells, but the first line has 2");
  CHECK(refusal("a,b\n1,2,3\n") == "input: a.csv: line 2 has 3 cells, but the first line has 2");
  CHECK(contains(refusal("1,2\n3,\n"), "line 2, column 2: an empty cell"));
  CHECK(contains(refusal("1,2\n0x1p3,4\n"), "line 2, column 1: '0x1p3'"));
  CHECK(contains(refusal("1;2\n3;4\n"), "line 1, column 1: '1;2'; separate numbers with commas"));
  CHECK(contains(refusal("1\n\"1,5\"\n"), "line 2, column 1: '1,5'"));
  CHECK(contains(refusal("1,2\n1e999,4\n"), "line 2, column 1: '1e999', outside the range of float64"));
  CHECK(refusal("") == "input: a.csv: is a CSV file without a row of numbers");
  CHECK(refusal("a,b\n") == "input: a.csv: is a CSV file without a row of numbers");
}

TEST_CASE("numbers over the memory limit are refused before they are parsed") {
  CHECK(error_of([] { read_csv("1,2\n3,4", "a.csv", MemoryLimit(31)); }) ==
        "limit: a.csv: needs 32 bytes of memory, the limit is 31");
  CHECK_NOTHROW(read_csv("1,2\n3,4", "a.csv", MemoryLimit(32)));
}

TEST_CASE("the header of a trace makes it a trace") {
  const std::vector<NamedArray> arrays =
      read_csv("step,batch,head,row,col,value\nq,,,0,0,1\nk,,,0,0,2\n", "a.csv");
  REQUIRE(arrays.size() == 2);
  CHECK(arrays[1].name == "k");
}

TEST_CASE("a matrix may have empty cells where they are allowed") {
  CHECK(contains(error_of([] { read_csv("1,\n3,4\n", "m.csv"); }), "an empty cell"));
  const std::vector<NamedArray> arrays = read_csv("1,\n,4\n", "m.csv", {}, EmptyCells::allowed);
  REQUIRE(arrays.size() == 1);
  CHECK(arrays[0].array.shape == Shape{2, 2});
  CHECK(arrays[0].unfilled == std::vector<std::size_t>{1, 2});
}
