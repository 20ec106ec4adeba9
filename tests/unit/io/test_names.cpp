#include <attn/io/names.hpp>

#include <doctest/doctest.h>

using namespace attn::io;

TEST_CASE("whatever a name holds, a message stays one line") {
  CHECK(in_quotes("scores") == "'scores'");
  CHECK(in_quotes("a\nb\x01\x7f") == "'a\\x0ab\\x01\\x7f'");
  CHECK(in_quotes("Kᵀ") == "'Kᵀ'");
  CHECK(one_line("\xff\xc3") == "\\xff\\xc3");
  CHECK(in_quotes(std::string(70, 'a')) == "'" + std::string(60, 'a') + "…'");
  // 59 bytes, then a character of two: it is left out whole.
  CHECK(in_quotes(std::string(59, 'a') + "éa") == "'" + std::string(59, 'a') + "…'");
}

TEST_CASE("a long list is cut and counted") {
  CHECK(list_in_quotes({"a", "b"}) == "'a', 'b'");
  const std::string list = list_in_quotes(std::vector<std::string>(23, "x"));
  CHECK(list.substr(list.size() - 14) == "'x' and 3 more");
}

TEST_CASE("a near miss is a slip of the keyboard, not another word") {
  const std::vector<std::string> names{"weights", "scores_raw", "scores_masked", "q"};
  CHECK(near_miss("wieghts", names) == "weights");
  CHECK(near_miss("Weights", names) == "weights");
  CHECK(near_miss("score_raw", names) == "scores_raw");
  CHECK(near_miss("Q", names) == "q");
  CHECK_FALSE(near_miss("k", names).has_value());
  CHECK_FALSE(near_miss("output", names).has_value());
  CHECK_FALSE(near_miss("", names).has_value());
}
