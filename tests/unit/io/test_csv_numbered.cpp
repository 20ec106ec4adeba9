#include <attn/io/csv.hpp>
#include <attn/io/csv_numbered.hpp>

#include "io_testing.hpp"

using namespace attn;
using namespace attn::io;

namespace {

NamedArray read(const std::string& text) { return read_csv(text, "t.csv").front(); }

std::string refusal(const std::string& text) {
  return error_of([&] { read(text); });
}

std::vector<double> numbers_of(const NamedArray& named) {
  const Tensor<double> tensor = to_tensor<double>(named.array, "t.csv");
  return {tensor.begin(), tensor.end()};
}

}  // namespace

TEST_CASE("a header of names and then the numbers of columns says that rows are numbered") {
  CHECK(is_csv_numbered_header({{"position"}, {"0"}, {"1"}, {"2"}}));
  CHECK(is_csv_numbered_header({{"position"}, {"6"}, {"7"}, {"9"}}));
  CHECK(is_csv_numbered_header({{"B"}, {"H"}, {"position"}, {"0"}}));
  CHECK(is_csv_numbered_header({{"H"}, {"row"}, {"0"}, {"1"}}));
  CHECK_FALSE(is_csv_numbered_header({{"k0"}, {"1"}}));
  CHECK_FALSE(is_csv_numbered_header({{"position"}}));
  CHECK_FALSE(is_csv_numbered_header({{"0"}, {"1"}}));
  CHECK_FALSE(is_csv_numbered_header({{"position"}, {"1"}, {"0"}}));
  CHECK_FALSE(is_csv_numbered_header({{"position"}, {"0.5"}, {"1"}}));
  CHECK_FALSE(is_csv_numbered_header({{"position"}, {"0"}, {"x"}}));
  CHECK_FALSE(is_csv_numbered_header({{"a"}, {"b"}, {"c"}, {"d"}, {"0"}}));
}

TEST_CASE("the numbers of the rows are no part of the matrix, wherever they begin") {
  const NamedArray named = read("position,0,1\n7,1,2\n8,3,4\n9,5,6\n");
  CHECK(named.array.shape == Shape{3, 2});
  CHECK(numbers_of(named) == std::vector<double>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("names before that of the rows are axes of matrices") {
  const NamedArray named = read("B,H,position,0\n0,0,5,1\n0,0,6,2\n0,1,5,3\n0,1,6,4\n1,0,5,5\n1,0,6,6\n1,1,5,7\n1,1,6,8\n");
  CHECK(named.array.shape == Shape{2, 2, 2, 1});
  CHECK(numbers_of(named) == std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("rows in another order, missing or twice are refused") {
  CHECK(contains(refusal("position,0\n0,1\n2,2\n"), "t.csv: line 3: rows are numbered"));
  CHECK(contains(refusal("position,0\n1,1\n0,2\n"), "line 3"));
  CHECK(contains(refusal("position,0\n0,1\n0,2\n"), "line 3"));
  CHECK(contains(refusal("B,position,0\n1,0,1\n"), "line 2"));
  CHECK(contains(refusal("B,position,0\n0,0,1\n0,1,2\n1,0,3\n2,0,4\n"), "line 5"));
  CHECK(contains(refusal("B,position,0\n0,0,1\n0,1,2\n1,0,3\n"), "ends before its last matrix"));
  CHECK(contains(refusal("B,position,0\n0,0,1\n0,1,2\n1,0,3\n1,1,4\n1,2,5\n"), "ends before its last matrix"));
  CHECK(contains(refusal("position,0\n0.5,1\n"), "line 2, column 1: expected the number of a row"));
  CHECK(contains(refusal("position,0\n-1,1\n"), "expected the number of a row"));
  CHECK(contains(refusal("position,0\n0,1,2\n"), "line 2 has 3 cells"));
  CHECK(contains(refusal("position,0\n0,x\n"), "line 2, column 2"));
  CHECK(contains(refusal("position,0\n"), "without a row of numbers"));
}
