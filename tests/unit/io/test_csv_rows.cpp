#include <attn/io/csv_rows.hpp>

#include "io_testing.hpp"

using namespace attn::io;

namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const std::string& text) {
  CsvRows rows(text, "a.csv");
  Rows all;
  std::vector<CsvCell> cells;
  while (rows.next(cells)) {
    all.emplace_back();
    for (const CsvCell& cell : cells) all.back().emplace_back(cell.text);
  }
  return all;
}

std::string refusal(const std::string& text) {
  return error_of([&] { rows_of(text); });
}

}  // namespace

TEST_CASE("rows end with LF or CRLF, the last one also with nothing") {
  const Rows expected{{"1", "2"}, {"3", "4"}};
  CHECK(rows_of("1,2\n3,4") == expected);
  CHECK(rows_of("1,2\n3,4\n") == expected);
  CHECK(rows_of("1,2\r\n3,4\r\n") == expected);
  CHECK(rows_of("1,2\r\n3,4\r\n\r\n\n") == expected);
  CHECK(rows_of("\xEF\xBB\xBF"
                "1,2\n3,4") == expected);
  CHECK(rows_of("") == Rows{});
  CHECK(rows_of("\n\n") == Rows{});
}

TEST_CASE("empty cells are cells") {
  CHECK(rows_of("a,,b\n,\n") == Rows{{"a", "", "b"}, {"", ""}});
  CHECK(rows_of("1,") == Rows{{"1", ""}});
  CHECK(rows_of("\"\"\n1") == Rows{{""}, {"1"}});
}

TEST_CASE("quoted cells may hold commas, line ends and quotes") {
  CHECK(rows_of("\"a,b\",\"say \"\"hi\"\"\"\r\n\"x\ny\",2\n") == Rows{{"a,b", "say \"hi\""}, {"x\ny", "2"}});
  CHECK(rows_of("\"\"\"\"") == Rows{{"\""}});
}

TEST_CASE("the line of a row counts the line ends inside quotes") {
  const std::string text = "\"a\nb\",1\nc,2\n";
  CsvRows rows(text, "a.csv");
  std::vector<CsvCell> cells;
  rows.next(cells);
  CHECK(rows.line() == 1);
  rows.next(cells);
  CHECK(rows.line() == 3);
  CHECK(rows.place(1) == "line 3, column 2");
}

TEST_CASE("misplaced quotes and blank lines are refused with their place") {
  CHECK(refusal("1,2\n3,a\"b\"\n") == "input: a.csv: line 2, column 2: a quote inside a cell without quotes");
  CHECK(refusal("1,\"2\"3\n") == "input: a.csv: line 1, column 2: text after the closing quote");
  CHECK(refusal("1\n\"2\n3\n") == "input: a.csv: line 2, column 1: a quote is opened and not closed");
  CHECK(refusal("1,2\n\n3,4\n") == "input: a.csv: line 2 is blank, but rows follow it");
}

TEST_CASE("a cell that is a number and nothing else is read as one at once") {
  const std::string text = "-1.5,7,1e999,2 ,3x,\"4\",,.5\r\n6";
  CsvRows rows(text, "a.csv");
  std::vector<CsvCell> cells;
  rows.next(cells);
  REQUIRE(cells.size() == 8);
  CHECK(cells[0].number.value == -1.5);
  CHECK(cells[1].number.is_integer);
  CHECK(cells[2].number.status == NumberStatus::out_of_range);
  for (const std::size_t column : {3, 4, 5, 6}) CHECK(cells[column].number.status == NumberStatus::not_a_number_text);
  CHECK(cells[3].text == "2 ");
  CHECK(cells[4].text == "3x");
  CHECK(cells[7].text == ".5");
  CHECK(cells[7].number.value == 0.5);
  rows.next(cells);
  CHECK(cells[0].number.value == 6);
}

TEST_CASE("a number is a whole cell, blanks around it aside") {
  const std::string text = " 1.5\t,2x,,1e999,\"-3\"";
  CsvRows rows(text, "a.csv");
  std::vector<CsvCell> cells;
  rows.next(cells);
  const auto number = [&](std::size_t column) {
    return parse_cell(cells[column], rows, column, "a.csv").value;
  };
  CHECK(number(0) == 1.5);
  CHECK(error_of([&] { number(1); }) == "input: a.csv: line 1, column 2: '2x'; expected a number");
  CHECK(error_of([&] { number(2); }) == "input: a.csv: line 1, column 3: an empty cell; expected a number");
  CHECK(error_of([&] { number(3); }) ==
        "input: a.csv: line 1, column 4: '1e999', outside the range of float64");
  CHECK(number(4) == -3);
}
