#include <attn/formula.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace attn;

TEST_CASE("every step in angle brackets becomes its symbol, and the rest stays") {
  CHECK(with_symbols("<q>·<k>ᵀ") == "Q·Kᵀ");
  CHECK(with_symbols("0 = may attend") == "0 = may attend");
  CHECK(with_symbols("") == "");
  CHECK(with_symbols("<weights>·<v>", [](Step step) { return step == Step::v ? "V⁺" : "A"; }) == "A·V⁺");
}

TEST_CASE("what is between the symbols can be written in another way") {
  const auto symbol = [](Step) { return std::string("$Q$"); };
  const auto words = [](std::string_view text) { return "[" + std::string(text) + "]"; };
  CHECK(with_symbols("<q_proj> split into heads", symbol, words) == "[]$Q$[ split into heads]");
  CHECK(with_symbols("the same", symbol, words) == "[the same]");
}

TEST_CASE("a name that is no step is an error of the table") {
  CHECK_THROWS_AS(with_symbols("<nothing> + 1"), std::logic_error);
  CHECK_THROWS_AS(with_symbols("a < b"), std::logic_error);
}

TEST_CASE("every formula of the table names steps, and no symbol stands for two attention steps") {
  for (const StepInfo& row : step_table()) {
    CAPTURE(row.name);
    CHECK_NOTHROW(with_symbols(row.formula));
    CHECK_NOTHROW(with_symbols(row.latex));
    for (const StepInfo& other : step_table()) {
      // Each sublayer of a layer has its own output; both are Y.
      if (row.step < other.step && other.step != Step::ffn_output) CHECK(row.symbol != other.symbol);
    }
  }
}
