#include <attn/io/csv_trace.hpp>

#include "io_testing.hpp"

#include <cmath>

using namespace attn;
using namespace attn::io;

namespace {

const std::string header = "step,batch,head,row,col,value\n";

std::vector<NamedArray> read(const std::string& body) {
  const std::string text = header + body;
  CsvRows rows(text, "t.csv");
  std::vector<CsvCell> cells;
  rows.next(cells);
  REQUIRE(is_csv_trace_header(cells));
  return read_csv_trace(rows, "t.csv");
}

std::string refusal(const std::string& body) {
  return error_of([&] { read(body); });
}

}  // namespace

TEST_CASE("only the six names in their order are the header") {
  CHECK(is_csv_trace_header({{"step"}, {"batch"}, {"head"}, {"row"}, {"col"}, {"value"}}));
  CHECK_FALSE(is_csv_trace_header({{"step"}, {"head"}, {"batch"}, {"row"}, {"col"}, {"value"}}));
  CHECK_FALSE(is_csv_trace_header({{"step"}, {"batch"}, {"head"}, {"row"}, {"col"}}));
  CHECK_FALSE(is_csv_trace_header({{"step"}, {"batch"}, {"head"}, {"row"}, {"col"}, {"value"}, {""}}));
}

TEST_CASE("the columns that a step fills are its axes") {
  const std::vector<NamedArray> arrays = read(
      "x,0,,0,0,1\nx,0,,0,1,2\nx,0,,1,0,3\nx,0,,1,1,4\n"
      "b_q,,,,0,0.5\nb_q,,,,1,-Infinity\n"
      "weights,0,0,0,0,NaN\n"
      "scale,,,,,2.5\n");
  REQUIRE(arrays.size() == 4);
  CHECK(arrays[0].name == "x");
  CHECK(arrays[0].array.shape == Shape{1, 2, 2});
  CHECK(values_of(arrays[0].array) == std::vector<double>{1, 2, 3, 4});
  CHECK(arrays[1].array.shape == Shape{2});
  CHECK(values_of(arrays[1].array) == std::vector<double>{0.5, -HUGE_VAL});
  CHECK(arrays[2].array.shape == Shape{1, 1, 1, 1});
  CHECK(std::isnan(values_of(arrays[2].array)[0]));
  CHECK(arrays[3].array.shape == Shape{});
}

TEST_CASE("rows may come in any order") {
  const std::vector<NamedArray> arrays = read("q,,,1,1,4\nk,,,0,0,9\nq,,,0,1,2\nq,,,1,0,3\nq,,,0,0,1\n");
  CHECK(values_of(arrays[0].array) == std::vector<double>{1, 2, 3, 4});
  CHECK(arrays[1].name == "k");
}

TEST_CASE("every element is there exactly once") {
  CHECK(refusal("q,,,0,0,1\nq,,,1,1,2\n") ==
        "input: t.csv: step 'q' has 2 rows, but its largest indices make it (2, 2): elements are missing");
  CHECK(refusal("q,,,0,0,1\nq,,,0,1,2\nq,,,0,0,3\n") ==
        "input: t.csv: line 4 gives an element of step 'q' again that line 2 gave");
  // Two elements are there twice and two are missing: the counts alone would not tell.
  CHECK(contains(refusal("q,,,0,0,1\nq,,,1,1,2\nq,,,0,0,1\nq,,,1,1,2\n"),
                 "line 4 gives an element of step 'q' again"));
}

TEST_CASE("hostile indices cost no memory") {
  CHECK(contains(refusal("q,,,0,999999999999,1\n"),
                 "has 1 rows, but its largest indices make it (1, 1000000000000)"));
  CHECK(contains(refusal("q,,,18446744073709551615,0,1\n"), "elements are missing"));
  CHECK(contains(refusal("q,9999999999,9999999999,9999999999,0,1\n"), "elements are missing"));
  CHECK(contains(refusal("q,,,18446744073709551616,0,1\n"),
                 "line 2, column 4: '18446744073709551616'; expected an index"));
}

TEST_CASE("rows that do not fit are refused with their place") {
  CHECK(contains(refusal("q,,,-1,0,1\n"),
                 "line 2, column 4: '-1'; expected an index from 0, or an empty cell"));
  CHECK(contains(refusal("q,,,0,1.0,1\n"), "line 2, column 5: '1.0'"));
  CHECK(contains(refusal("q,,,0,0,\n"), "line 2, column 6: an empty cell; expected a number"));
  CHECK(contains(refusal("q,,,0,0\n"), "line 2 has 5 cells, but the first line has 6"));
  CHECK(contains(refusal("q,,,0,0,1\nq,0,,0,1,1\n"),
                 "line 3, column 2: batch is given, unlike in the earlier rows of step 'q'"));
  CHECK(contains(refusal("q,,,0,0,1\nq,,,,1,1\n"), "line 3, column 4: row is empty, unlike"));
  CHECK(refusal("") == "input: t.csv: is a trace without any row");
}

TEST_CASE("empty values are refused, or marked where they are allowed") {
  CHECK(contains(refusal("q,,,0,0,\nq,,,0,1,2\n"), "line 2, column 6: an empty cell"));
  const std::string text = header + "q,,,0,1, \nq,,,0,2,5\nq,,,0,0,\nw,,,0,0,1\n";
  CsvRows rows(text, "t.csv");
  std::vector<CsvCell> cells;
  rows.next(cells);
  const std::vector<NamedArray> arrays = read_csv_trace(rows, "t.csv", EmptyCells::allowed);
  REQUIRE(arrays.size() == 2);
  CHECK(arrays[0].unfilled == std::vector<std::size_t>{0, 1});
  CHECK(values_of(arrays[0].array)[2] == 5);
  CHECK(arrays[1].unfilled.empty());
}
