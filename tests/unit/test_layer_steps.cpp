#include <attn/layer_steps.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace attn;

TEST_CASE("a step at a place keeps its row of the table and takes the name of its path") {
  const Step step = at_place({Block::cross, LayerPart::sublayer}, Step::weights);
  CHECK(step != Step::weights);
  CHECK(base_of(step) == Step::weights);
  CHECK(name_of(step) == "cross.weights");
  CHECK(step_info(step).axes == step_info(Step::weights).axes);
  REQUIRE(place_of(step));
  CHECK(place_of(step)->block == Block::cross);
  CHECK(place_of(step)->part == LayerPart::sublayer);
}

TEST_CASE("a row of the table has no place, and the output of a layer has the name of the output") {
  CHECK_FALSE(place_of(Step::weights));
  CHECK(base_of(Step::weights) == Step::weights);
  CHECK_FALSE(place_of(layer_output()));
  CHECK(base_of(layer_output()) == Step::output);
  CHECK(name_of(layer_output()) == "output");
}

TEST_CASE("what is computed first compares less, with either placement of the norm") {
  for (const bool norm_first : {false, true}) {
    std::vector<Step> order = {Step::x, Step::memory};
    for (const Block block : {Block::self, Block::cross, Block::ffn}) {
      const auto place = [&](Step step) { return at_place({block, part_of(step, norm_first)}, step); };
      if (norm_first) order.insert(order.end(), {place(Step::norm_mean), place(Step::norm)});
      order.insert(order.end(), {place(Step::q), place(Step::output), place(Step::residual)});
      if (!norm_first) order.insert(order.end(), {place(Step::norm_mean), place(Step::norm)});
    }
    order.push_back(layer_output());
    for (std::size_t i = 1; i < order.size(); ++i) CHECK(order[i - 1] < order[i]);
  }
}

TEST_CASE("every row of the step table has room at every place") {
  for (const StepInfo& row : step_table()) {
    const Step step = at_place({Block::ffn, LayerPart::norm_after}, row.step);
    CHECK(base_of(step) == row.step);
    CHECK(step < layer_output());
  }
}
