#include <attn/gradient_steps.hpp>
#include <attn/layer_steps.hpp>
#include <attn/path_steps.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace attn;

TEST_CASE("a step under a path has the name of the path and of the step, and is another step under another") {
  const Step weights = at_place({Block::self, LayerPart::sublayer}, Step::weights);
  const Step first = under_path("encoder.0.", weights), second = under_path("encoder.1.", weights);
  CHECK(name_of(first) == "encoder.0.self.weights");
  CHECK(name_of(second) == "encoder.1.self.weights");
  CHECK(first != second);
  CHECK(under_path("encoder.0.", weights) == first);
  CHECK(name_of(under_path("encoder.", Step::x)) == "encoder.x");
  CHECK(name_of(under_path("decoder.0.", layer_output())) == "decoder.0.output");
  CHECK(under_path("", weights) == weights);
}

TEST_CASE("a step under a path is known like the step itself") {
  const Step weights = at_place({Block::cross, LayerPart::sublayer}, Step::weights), under = under_path("decoder.3.", weights);
  CHECK(path_above(under) == "decoder.3.");
  CHECK(path_above(weights).empty());
  CHECK(without_path(under) == weights);
  CHECK(base_of(under) == Step::weights);
  REQUIRE(place_of(under));
  CHECK(place_of(under)->block == Block::cross);
  CHECK(step_info(under).symbol == step_info(Step::weights).symbol);
  const Step gradient = under_path("decoder.3.", gradient_of(weights));
  CHECK(is_gradient(gradient));
  CHECK(name_of(gradient) == "decoder.3.cross.d_weights");
}
