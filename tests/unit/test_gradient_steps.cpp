#include <attn/gradient_steps.hpp>
#include <attn/layer_steps.hpp>

#include <doctest/doctest.h>

using namespace attn;

TEST_CASE("the gradient of a step is a step of its own, named and symbolised after it") {
  const Step d = gradient_of(Step::weights);
  CHECK(is_gradient(d));
  CHECK_FALSE(is_gradient(Step::weights));
  CHECK(differentiated(d) == Step::weights);
  CHECK(differentiated(Step::weights) == Step::weights);
  CHECK(name_of(d) == "d_weights");
  CHECK(step_info(d).symbol == "∇A");
  CHECK(step_info(d).axes == step_info(Step::weights).axes);
  CHECK(find_step("d_weights") == d);
  CHECK_FALSE(find_step("d_wights").has_value());
}

TEST_CASE("every row of the step table has a gradient with a number of its own") {
  for (const StepInfo& row : step_table()) {
    CAPTURE(row.name);
    CHECK_FALSE(is_gradient(row.step));
    CHECK(step_info(gradient_of(row.step)).name == "d_" + std::string(row.name));
    CHECK(base_of(gradient_of(row.step)) == gradient_of(row.step));
  }
}

TEST_CASE("inside a layer the name says of which block") {
  CHECK(name_of(gradient_of(at_place({Block::cross, LayerPart::sublayer}, Step::w_q))) == "cross.d_w_q");
  CHECK(name_of(gradient_of(at_place({Block::ffn, LayerPart::sublayer}, Step::ffn_hidden))) == "d_ffn_hidden");
  CHECK(name_of(gradient_of(at_place({Block::ffn, LayerPart::norm_after}, Step::gamma))) == "ffn.d_gamma");
}
