// Each mistake that is made on purpose must be the one that identification names.
#include <attn/verify/posenc_mistakes.hpp>

#include <attn/error.hpp>
#include <attn/verify/posenc_identify.hpp>

#include "posenc_testing.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace attn;
using namespace attn::posenc;
using posenc_testing::ids;

TEST_CASE("every sinusoidal mistake comes back under its own name") {
  // Doubled exponents are also the base 10000²; one row is E9.
  const std::map<std::string, std::string> other_names = {{"E4", "E4 | E6"}, {"E8", "E8 | E9"}, {"E3", "E3 | E6"}};
  for (const std::string& id : sinusoidal_mistakes()) {
    CAPTURE(id);
    SinusoidalOptions options;
    options.d_model = id == "E1" ? 9 : 10;
    options.odd = OddWidth::extra_sine;
    const auto named = other_names.find(id);
    CHECK(ids(identify_sinusoidal(mistaken_sinusoidal({id}, options, 9))) == (named == other_names.end() ? id : named->second));
  }
}

TEST_CASE("mistakes turn options that already differ the other way") {
  SinusoidalOptions options;
  options.d_model = 8;
  options.order = PairOrder::concatenated;
  CHECK(ids(identify_sinusoidal(mistaken_sinusoidal({"E2"}, options, 8))) == "plain");
  RopeOptions rope;
  rope.head_dim = 8;
  rope.pairing = RotaryPairing::interleaved;
  CHECK(mistaken_rope({"R1"}, rope).pairing == RotaryPairing::half_split);
  CHECK(mistaken_rope({"R2", "R5"}, rope).clockwise);
  CHECK(mistaken_rope({"R2", "R5"}, rope).offset == 1);
}

TEST_CASE("slopes and biases made wrong") {
  CHECK(mistaken_slopes({"AL2"}, 8).front() == 1);
  CHECK(mistaken_slopes({"AL1"}, 3)[0] == doctest::Approx(std::pow(2.0, -8.0 / 3)));
  const Tensor<double> bias = mistaken_bias({"AL3"}, 2, 3, 3, AlibiFuture::masked);
  CHECK(bias(0, 2, 0) == 2 * 0.0625);
  CHECK(std::isinf(bias(0, 0, 2)));
  CHECK(ids(identify_alibi(mistaken_bias({"AL3"}, 8, 8, 8, AlibiFuture::masked))) == "AL3");
}

TEST_CASE("what cannot be made is refused") {
  SinusoidalOptions options;
  options.d_model = 8;
  CHECK_THROWS_AS(mistaken_sinusoidal({"E1"}, options, 4), UsageError);
  CHECK_THROWS_AS(mistaken_sinusoidal({"R1"}, options, 4), UsageError);
  RopeOptions rope;
  rope.head_dim = 8;
  CHECK_THROWS_AS(mistaken_rope({"R4"}, rope), UsageError);
  CHECK_THROWS_AS(mistaken_slopes({"AL1"}, 8), UsageError);
}
