#include "verify/mistake_testing.hpp"
#include "verify/planted_mask.hpp"

using namespace attn;
using namespace loops;

TEST_CASE("each mistake about the set of keys computes what a program with that mistake computes") {
  check_rows_compute(mask_mistakes(), planted_in(mask_mistakes()));
}

TEST_CASE("without a mask rule no mistake with the mask can be made") {
  for (const Mistake& mistake : mask_mistakes()) {
    CAPTURE(mistake.id);
    CAPTURE(mistake.variant);
    CHECK(impossible(mask_mistakes(), mistake.id, mistake.variant, square()));
  }
}

TEST_CASE("a mistake with one rule needs that rule") {
  const auto rows = mask_mistakes();
  CHECK(impossible(rows, "M1", "the given mask", causal()));
  CHECK(impossible(rows, "M1", "padding", causal()));
  CHECK(impossible(rows, "M1", "causal", padded()));
  CHECK(impossible(rows, "M2", "", causal()));
  CHECK(impossible(rows, "M7", "one key of the future is seen", padded()));
  CHECK(impossible(rows, "M8", "top left", padded()));
  CHECK(impossible(rows, "M13", "left side one more", causal()));
  CHECK(impossible(rows, "M15", "causal", padded()));
  CHECK(impossible(rows, "M15", "padding", causal()));
  CHECK(impossible(rows, "M15", "window", causal()));
  CHECK(impossible(rows, "M15", "the given mask", causal()));
  CHECK(impossible(rows, "M16", "causal", padded()));
}

TEST_CASE("M12 needs several samples and several heads") {
  Case one = padded();
  one.options.heads = one.options.kv_heads = 1;
  CHECK(impossible(mask_mistakes(), "M12", "", one));
}

TEST_CASE("M16 transposes a mask only if it is square") {
  CHECK(impossible(mask_mistakes(), "M16", "the whole mask", cross_causal()));
  const Problem<double> problem = problem_of(biased());
  MistakenRun run(problem, {rows_of(mistake_table(), "M16", "the whole mask").front()});
  const auto mask = biased().mask;
  CHECK(agree(run.shown(Step::mask), cells4({2, 3, 5, 5}, [&](Index b, Index h, Index i, Index j) { return mask(b, h, j, i); })));
}

TEST_CASE("a window of no keys to the left cannot lose one") {
  Case narrow = windowed();
  narrow.options.attention.mask.window = {0, 2};
  CHECK(impossible(mask_mistakes(), "M13", "left side one less", narrow));
  CHECK(impossible(mask_mistakes(), "M13", "both sides one less", narrow));
}

TEST_CASE("an unbounded side of a window cannot be moved") {
  Case left = windowed();
  left.options.attention.mask.window = {1, std::nullopt};
  CHECK(impossible(mask_mistakes(), "M13", "right side one more", left));
  CHECK(impossible(mask_mistakes(), "M13", "both sides one more", left));
  CHECK_FALSE(impossible(mask_mistakes(), "M13", "left side one more", left));
}

TEST_CASE("M8 places the diagonal by the lengths, by the valid lengths, or past the cache") {
  Case cached = causal();
  cached.options.attention.past_key = naive::numbers<double>({2, 3, 2, 2}, 21);
  cached.options.attention.past_value = naive::numbers<double>({2, 3, 2, 2}, 22);
  cached.options.attention.mask.valid_lens = {7, 4};
  // Seven keys for five queries: offsets 2 (cache), 0 (ignored), 7 − 5 = 2 (lengths), 7 − 5 and 4 − 5 (valid).
  const Problem<double> problem = problem_of(cached);
  const auto mask_of = [&](const char* variant) {
    return MistakenRun(problem, {rows_of(mistake_table(), "M8", variant).front()}).shown(Step::mask);
  };
  const auto expected = [](int offset_0, int offset_1) {
    return cells4({2, 3, 5, 7}, [=](Index b, Index, Index i, Index j) {
      return forbid_if(static_cast<int>(j) > static_cast<int>(i) + (b == 0 ? offset_0 : offset_1) || j >= (b == 0 ? 7u : 4u));
    });
  };
  CHECK(agree(mask_of("top left"), expected(2, 2)));
  CHECK(agree(mask_of("bottom right"), expected(2, 2)));
  CHECK(agree(mask_of("the cache is ignored"), expected(0, 0)));
  CHECK(agree(mask_of("bottom right of the valid keys"), expected(2, -1)));
}

TEST_CASE("where a wrong mask leaves a query no key, its row is what the softmax makes of it") {
  // The diagonal moved back by one: query 0 sees nothing.
  const Problem<double> problem = problem_of(causal());
  const auto weights_of = [&](const char* variant) {
    return MistakenRun(problem, {rows_of(mistake_table(), "M7", variant).front()}).shown(Step::weights);
  };
  CHECK(weights_of("the own key is hidden")(1, 2, 0, 3) == 0);
  CHECK(std::isnan(weights_of("the own key is hidden, rows without keys are NaN")(1, 2, 0, 3)));
  CHECK(weights_of("the own key is hidden, rows without keys are even")(1, 2, 0, 3) == 0.2);  // 1/5
  CHECK(weights_of("the own key is hidden, rows without keys are NaN")(1, 2, 1, 0) == 1);     // it sees key 0 alone
  // One more key of the future leaves every query a key.
  CHECK(impossible(mask_mistakes(), "M7", "one key of the future is seen, rows without keys are NaN", causal()));
}
