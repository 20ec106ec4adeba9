#include <attn/shape.hpp>
#include <attn/steps.hpp>

#include <doctest/doctest.h>

#include <set>

using namespace attn;

TEST_CASE("the step table is in the order of the enumeration, so that step_info can index it") {
  const auto& table = step_table();
  for (std::size_t i = 0; i < table.size(); ++i) CHECK(static_cast<std::size_t>(table[i].step) == i);
  CHECK(table.back().step == Step::logits);
}

TEST_CASE("every step name is unique and finds its own row") {
  std::set<std::string_view> names;
  for (const StepInfo& row : step_table()) {
    CHECK(names.insert(row.name).second);
    REQUIRE(find_step(row.name).has_value());
    CHECK(*find_step(row.name) == row.step);
    CHECK(name_of(row.step) == row.name);
  }
  CHECK_FALSE(find_step("score_raw").has_value());
}

TEST_CASE("every row says what it means, and its axes are written in known letters") {
  const Sizes sizes{2, 4, 2, 3, 5, 1, 4, 8, 6, 7, 2, 9, 32, 10, 41, 16, 2};
  for (const StepInfo& row : step_table()) {
    CAPTURE(row.name);
    CHECK_FALSE(row.meaning.empty());
    CHECK_FALSE(row.symbol.empty());
    CHECK_NOTHROW(shape_of_axes(row.axes, sizes));
    if (row.kind == StepKind::step || row.kind == StepKind::detail) CHECK_FALSE(row.formula.empty());
  }
}

TEST_CASE("an operand of a formula is computed before the step that reads it") {
  for (const StepInfo& row : step_table()) {
    for (const Step operand : row.operands) CHECK(static_cast<int>(operand) < static_cast<int>(row.step));
  }
}

TEST_CASE("a step inside a layer has a path that names its block, unless its own name does") {
  CHECK(path_of(Block::self, Step::weights) == "self.weights");
  CHECK(path_of(Block::cross, Step::q) == "cross.q");
  CHECK(path_of(Block::ffn, Step::norm) == "ffn.norm");
  CHECK(path_of(Block::ffn, Step::ffn_hidden) == "ffn_hidden");
}
