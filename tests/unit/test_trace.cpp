#include <attn/ops/attention.hpp>
#include <attn/trace.hpp>

#include <doctest/doctest.h>

using namespace attn;

TEST_CASE("the axes of a step are those of the step table") {
  const Sizes sizes;
  CHECK(axes_of(Step::scores_raw, sizes) == "B, H, Lq, Lk");
  CHECK(axes_of(Step::weights, sizes) == "B, H, Lq, Lk");
  CHECK(axes_of(Step::x, sizes) == "B, Lq, E");
}

TEST_CASE("new keys are all keys while there is no cache") {
  Sizes sizes;
  sizes.past_len = 0;
  CHECK(axes_of(Step::k, sizes) == "B, Hk, Lk, D");
  CHECK(axes_of(Step::v, sizes) == "B, Hk, Lk, Dv");
}

TEST_CASE("with a cache new keys and all keys are two axes") {
  Sizes sizes;
  sizes.past_len = 2;
  CHECK(axes_of(Step::k, sizes) == "B, Hk, Ln, D");
  CHECK(axes_of(Step::present_key, sizes) == "B, Hk, Lk, D");
}

TEST_CASE("keys that the module appends lengthen the heads, not the source and its maps") {
  Sizes sizes;
  sizes.new_len = 4;
  sizes.key_len = 6;  // two appended
  CHECK(axes_of(Step::memory, sizes) == "B, Ln, Ek");
  CHECK(axes_of(Step::k_proj, sizes) == "B, Ln, Hk*D");
  CHECK(axes_of(Step::v_proj, sizes) == "B, Ln, Hk*Dv");
  CHECK(axes_of(Step::k, sizes) == "B, Hk, Lk, D");
  sizes.past_len = 3;
  sizes.key_len = 9;
  CHECK(axes_of(Step::k_proj, sizes) == "B, Ln, Hk*D");
  CHECK(axes_of(Step::k, sizes) == "B, Hk, Ln+2, D");
  CHECK(axes_of(Step::present_key, sizes) == "B, Hk, Lk, D");
}

TEST_CASE("the axes that are written have the sizes of the tensor") {
  AttentionOptions<double> options;
  options.past_key = filled<double>({1, 2, 3, 4}, 0.5);
  options.past_value = filled<double>({1, 2, 3, 5}, 0.5);
  options.mask.causal = true;
  options.detail = Detail::yes;
  const auto steps = attention(filled<double>({1, 2, 2, 4}, 1.0), filled<double>({1, 2, 6, 4}, 1.0), filled<double>({1, 2, 6, 5}, 1.0), options);
  Trace trace{steps.sizes, Precision::float64, {}};
  append_to(trace, steps);
  for (const TraceEntry& entry : trace.entries) {
    CAPTURE(entry.name);
    CHECK(shape_of_axes(entry.axes, trace.sizes) == entry.tensor.shape());
  }
}

TEST_CASE("a trace lists steps by name in order and finds them") {
  const auto steps = attention(filled<float>({1, 1, 1, 2}, 1), filled<float>({1, 1, 1, 2}, 1), filled<float>({1, 1, 1, 2}, 3), AttentionOptions<float>{});
  Trace trace{steps.sizes, Precision::float32, {}};
  append_to(trace, steps);
  std::string names;
  for (const TraceEntry& entry : trace.entries) names += entry.name + " ";
  CHECK(names == "q k v scores_raw scores_scaled scores_masked weights heads ");
  REQUIRE(trace.find(Step::scores_raw));
  CHECK(trace.find(Step::scores_raw)->tensor[0] == 2);  // 1·1 + 1·1
  CHECK(trace.find(Step::heads)->tensor[1] == 3);
  CHECK(trace.find(Step::mask) == nullptr);
}
