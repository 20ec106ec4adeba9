#include <attn/render/csv.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;
using namespace attn::render;

namespace {

/// 0, 1, 2, … in this shape.
template <class T = double>
Tensor<T> counting(const Shape& shape) {
  Tensor<T> tensor = empty<T>(shape);
  T next = 0;
  for (T& element : tensor.storage()) element = next++;
  return tensor;
}

std::string tidy(const std::vector<std::string>& axes, const TensorView& tensor, NumberFormat format = {}) {
  StringOutput output;
  TidyCsv csv(output, format);
  csv.add("t", axes, tensor);
  csv.finish();
  return output.text();
}

const std::string header = "step,batch,head,row,col,value\n";

}  // namespace

TEST_CASE("a second column stands beside the values, empty where it has no number") {
  StringOutput output;
  TidyCsv csv(output, {}, "measured");
  csv.add("t", {"Lq", "E"}, counting({2, 1}), Cells::filled, {0.5, std::numeric_limits<double>::quiet_NaN()});
  csv.finish();
  CHECK(output.text() == "step,batch,head,row,col,value,measured\nt,,,0,0,0,0.5\nt,,,1,0,1,\n");
}

TEST_CASE("each axis goes to the column its letter names") {
  CHECK(tidy({"B", "H", "Lq", "Lk"}, counting({1, 2, 1, 2})) ==
        header + "t,0,0,0,0,0\nt,0,0,0,1,1\nt,0,1,0,0,2\nt,0,1,0,1,3\n");
  CHECK(tidy({"B", "Lq", "E"}, counting({2, 1, 2})) ==
        header + "t,0,,0,0,0\nt,0,,0,1,1\nt,1,,0,0,2\nt,1,,0,1,3\n");
  CHECK(tidy({"H", "Lq", "Lk"}, counting({2, 1, 1})) == header + "t,,0,0,0,0\nt,,1,0,0,1\n");
  CHECK(tidy({"Hk", "Lk", "D"}, counting({2, 1, 1})) == header + "t,,0,0,0,0\nt,,1,0,0,1\n");
  CHECK(tidy({"E", "H*D"}, counting({2, 1})) == header + "t,,,0,0,0\nt,,,1,0,1\n");
  CHECK(tidy({"H*D"}, counting({2})) == header + "t,,,,0,0\nt,,,,1,1\n");
  CHECK(tidy({}, counting({})) == header + "t,,,,,0\n");
}

TEST_CASE("without letters the leading axes are batch, then head") {
  CHECK(tidy({}, counting({2, 1, 1})) == header + "t,0,,0,0,0\nt,1,,0,0,1\n");
  CHECK(tidy({}, counting({1, 2, 1, 1})) == header + "t,0,0,0,0,0\nt,0,1,0,0,1\n");
}

TEST_CASE("an empty tensor has no lines, and five axes are refused") {
  CHECK(tidy({"B", "Lq", "E"}, counting({2, 0, 3})) == header);
  CHECK_THROWS_AS(tidy({}, counting({1, 1, 1, 1, 2})), ShapeError);
}

TEST_CASE("values have the digits of their precision, or as many decimals as asked for") {
  CHECK(tidy({}, filled<float>({1}, 0.1f)) == header + "t,,,,0,0.1\n");
  CHECK(tidy({}, filled<double>({1}, 1.0 / 3.0)) == header + "t,,,,0,0.3333333333333333\n");
  CHECK(tidy({}, filled<double>({1}, 1.0 / 3.0), {2}) == header + "t,,,,0,0.33\n");
  CHECK(tidy({}, filled<double>({1}, std::nan(""))) == header + "t,,,,0,NaN\n");
  CHECK(tidy({}, filled<double>({1}, -std::numeric_limits<double>::infinity())) ==
        header + "t,,,,0,-Infinity\n");
}

TEST_CASE("a step name with a comma is quoted") {
  StringOutput output;
  TidyCsv csv(output);
  csv.add("a,b", {}, counting({1}));
  csv.finish();
  CHECK(output.text() == header + "\"a,b\",,,,0,0\n");
}

TEST_CASE("the bare matrix has a line a row, leading axes from top to bottom") {
  const auto matrix = [](const TensorView& tensor) {
    StringOutput output;
    write_csv_matrix(output, tensor);
    return output.text();
  };
  CHECK(matrix(counting({2, 2})) == "0,1\n2,3\n");
  CHECK(matrix(counting({2, 1, 2})) == "0,1\n2,3\n");
  CHECK(matrix(counting({3})) == "0,1,2\n");
  CHECK(matrix(counting({})) == "0\n");
  CHECK(matrix(counting({0, 3})) == "");
  CHECK(matrix(filled<float>({1, 2}, 0.1f)) == "0.1,0.1\n");
}

TEST_CASE("output larger than the buffer arrives whole and in order") {
  const Tensor<double> tensor = counting({300, 200});
  StringOutput output;
  write_csv_matrix(output, tensor);
  std::string expected;
  for (int i = 0; i < 60000; ++i) expected += std::to_string(i) + ((i + 1) % 200 == 0 ? "\n" : ",");
  CHECK(output.text() == expected);
  CHECK(output.text().size() > Buffer::usual_capacity);
}

TEST_CASE("blank cells have places and no values") {
  StringOutput output;
  TidyCsv csv(output);
  csv.add("t", {"Lq", "Lk"}, counting({1, 2}), Cells::blank);
  csv.finish();
  CHECK(output.text() == header + "t,,,0,0,\nt,,,0,1,\n");
  StringOutput matrix;
  write_csv_matrix(matrix, counting({2, 3}), {}, Cells::blank);
  CHECK(matrix.text() == ",,\n,,\n");
}
