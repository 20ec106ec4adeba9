#include <attn/io/number.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn::io;

namespace {

double value_of(std::string_view text) {
  const Number number = parse_number(text);
  CHECK(number.status == NumberStatus::ok);
  return number.value;
}

}  // namespace

TEST_CASE("decimal numbers are rounded correctly") {
  CHECK(value_of("0.1") == 0.1);
  CHECK(value_of("-12") == -12);
  CHECK(value_of("1e3") == 1000);
  CHECK(value_of("1E-2") == 0.01);
  CHECK(value_of(".5") == 0.5);
  CHECK(value_of("5.") == 5);
  CHECK(value_of("1.7976931348623157e308") == 0x1.fffffffffffffp1023);
  CHECK(value_of("5e-324") == 0x1p-1074);
  CHECK(std::signbit(value_of("-0")));
}

TEST_CASE("non-finite numbers are words, in any case") {
  for (const char* text : {"NaN", "nan", "NAN", "-nan"}) CHECK(std::isnan(value_of(text)));
  for (const char* text : {"Infinity", "inf", "INF", "infinity"}) CHECK(value_of(text) == HUGE_VAL);
  CHECK(value_of("-Infinity") == -HUGE_VAL);
  CHECK(value_of("-inf") == -HUGE_VAL);
}

TEST_CASE("a number must be all of the text") {
  for (const char* text :
       {"", "1,5", "0x10", "1 ", " 1", "1.2.3", "abc", "1e", "--1", "+1", "nan(1)", "1_000", "infinit"}) {
    CAPTURE(text);
    CHECK(parse_number(text).status == NumberStatus::not_a_number_text);
  }
}

TEST_CASE("the longest number at the beginning of a text, and its length") {
  const auto length_of = [](std::string_view text, double value) {
    Number number;
    const std::size_t length = parse_number_at_beginning(text, number);
    if (length > 0) CHECK(number.value == value);
    if (length == 0) CHECK(number.status == NumberStatus::not_a_number_text);
    return length;
  };
  CHECK(length_of("1.5,2", 1.5) == 3);
  CHECK(length_of("-3", -3) == 2);
  CHECK(length_of("1e,", 1) == 1);
  CHECK(length_of("12 ", 12) == 2);
  for (const char* text : {"", ",1", " 1", "+1", "x", "-", "nan(1),"}) CHECK(length_of(text, 0) == 0);
  Number number;
  CHECK(parse_number_at_beginning("1e999,1", number) == 5);
  CHECK(number.status == NumberStatus::out_of_range);
  CHECK(parse_number_at_beginning("7,", number) == 1);
  CHECK(number.is_integer);
  CHECK(parse_number_at_beginning("7.0,", number) == 3);
  CHECK_FALSE(number.is_integer);
}

TEST_CASE("integers short and long are exact") {
  CHECK(value_of("999999999999999") == 999999999999999.0);     // 15 digits
  CHECK(value_of("-1234567890123457") == -1234567890123457.0);  // 16
  CHECK(value_of("9007199254740993") == 9007199254740992.0);    // a tie, to even
  CHECK(value_of("00000000000000000007") == 7);
  CHECK(value_of("-00") == 0);
  CHECK(std::signbit(value_of("-00")));
  CHECK_FALSE(parse_number("-00").is_integer);
  CHECK(parse_number("00000000000000000007").is_integer);
}

TEST_CASE("what float64 cannot hold is out of range") {
  CHECK(parse_number("1e999").status == NumberStatus::out_of_range);
  CHECK(parse_number("-1e309").status == NumberStatus::out_of_range);
  CHECK(parse_number("1e-400").status == NumberStatus::out_of_range);
}

TEST_CASE("an integer is written as one, and int64 can hold it") {
  CHECK(parse_number("12").is_integer);
  CHECK(parse_number("-9007199254740992").is_integer);
  CHECK(parse_number("0").is_integer);
  for (const char* text : {"12.0", "1e3", "-0", "9007199254740994", "inf", "nan"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text).is_integer);
  }
}
