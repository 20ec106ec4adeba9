#include <attn/error.hpp>
#include <attn/ops/mask.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace attn;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Sizes sizes_of(std::size_t batch, std::size_t heads, std::size_t query_len, std::size_t key_len, std::size_t past = 0) {
  Sizes sizes;
  sizes.batch = batch;
  sizes.heads = heads;
  sizes.query_len = query_len;
  sizes.key_len = key_len;
  sizes.past_len = past;
  sizes.new_len = key_len - past;
  return sizes;
}

// One line per query, '.' for a key that may be attended to and 'x' for one that may not.
std::string picture(const MaskRules<double>& rules, const Sizes& sizes, std::size_t b = 0, std::size_t h = 0) {
  const Tensor<double> mask = combined_mask(rules, sizes);
  std::string text;
  for (std::size_t i = 0; i < sizes.query_len; ++i) {
    for (std::size_t j = 0; j < sizes.key_len; ++j) text += mask(b, h, i, j) == -inf ? 'x' : '.';
    text += '\n';
  }
  return text;
}

}  // namespace

TEST_CASE("causal, top left: query i sees keys 0 to i, also when there are more keys") {
  MaskRules<double> rules;
  rules.causal = true;
  CHECK(picture(rules, sizes_of(1, 1, 3, 3)) == ".xx\n..x\n...\n");
  CHECK(picture(rules, sizes_of(1, 1, 3, 5)) == ".xxxx\n..xxx\n...xx\n");
}

TEST_CASE("causal, bottom right: the last query sees the last key") {
  MaskRules<double> rules;
  rules.causal = true;
  rules.align = CausalAlign::bottom_right;
  CHECK(picture(rules, sizes_of(1, 1, 3, 5)) == "...xx\n....x\n.....\n");
  // More queries than keys: the first rows see nothing.
  CHECK(picture(rules, sizes_of(1, 1, 3, 2)) == "xx\n.x\n..\n");
}

TEST_CASE("a cache shifts the top-left diagonal by its length") {
  MaskRules<double> rules;
  rules.causal = true;
  CHECK(picture(rules, sizes_of(1, 1, 2, 5, 3)) == "....x\n.....\n");
}

TEST_CASE("valid lengths hide the keys behind them, sample by sample") {
  MaskRules<double> rules;
  rules.valid_lens = {3, 1};
  const Sizes sizes = sizes_of(2, 1, 2, 4);
  CHECK(picture(rules, sizes, 0) == "...x\n...x\n");
  CHECK(picture(rules, sizes, 1) == ".xxx\n.xxx\n");
}

TEST_CASE("with bottom-right the causal offset is valid length - Lq, and may be negative") {
  MaskRules<double> rules;
  rules.causal = true;
  rules.align = CausalAlign::bottom_right;
  rules.valid_lens = {4, 2};
  const Sizes sizes = sizes_of(2, 1, 3, 5);
  CHECK(causal_offset(rules, sizes, 0) == 1);
  CHECK(causal_offset(rules, sizes, 1) == -1);
  CHECK(picture(rules, sizes, 0) == "..xxx\n...xx\n....x\n");
  CHECK(picture(rules, sizes, 1) == "xxxxx\n.xxxx\n..xxx\n");
}

TEST_CASE("a window counts from the query's own position; an open side is unbounded") {
  MaskRules<double> rules;
  rules.window = {1, 1};
  CHECK(picture(rules, sizes_of(1, 1, 4, 4)) == "..xx\n...x\nx...\nxx..\n");
  rules.window = {0, std::nullopt};
  CHECK(picture(rules, sizes_of(1, 1, 3, 3)) == "...\nx..\nxx.\n");
  rules.window = {std::nullopt, 0};
  CHECK(picture(rules, sizes_of(1, 1, 3, 3)) == ".xx\n..x\n...\n");
  // With a cache of 3 the positions are 3 and 4.
  rules.window = {1, 0};
  CHECK(picture(rules, sizes_of(1, 1, 2, 5, 3)) == "xx..x\nxxx..\n");
}

TEST_CASE("a given mask is broadcast from the right: rank 3 is (H, Lq, Lk), not (B, Lq, Lk)") {
  MaskRules<double> rules;
  rules.given = Tensor<double>{{{0, -inf}}, {{-inf, 0}}};  // (2, 1, 2)
  const Sizes sizes = sizes_of(2, 2, 1, 2);
  CHECK(picture(rules, sizes, 0, 0) == ".x\n");
  CHECK(picture(rules, sizes, 0, 1) == "x.\n");
  CHECK(picture(rules, sizes, 1, 0) == ".x\n");
  rules.given = Tensor<double>{0.0, -inf};  // (2,): keys
  CHECK(picture(rules, sizes, 1, 1) == ".x\n");
}

TEST_CASE("numbers of a given mask are kept where nothing forbids the key") {
  MaskRules<double> rules;
  rules.causal = true;
  rules.given = Tensor<double>{{0.5, 0.25}, {-3.0, -1e9}};
  const Tensor<double> mask = combined_mask(rules, sizes_of(1, 1, 2, 2));
  CHECK(mask(0, 0, 0, 0) == 0.5);
  CHECK(mask(0, 0, 0, 1) == -inf);
  CHECK(mask(0, 0, 1, 0) == -3.0);
  CHECK(mask(0, 0, 1, 1) == -1e9);  // a large number is not -inf: the key is not forbidden
}

TEST_CASE("the verdict names every rule that forbids a key") {
  MaskRules<double> rules;
  rules.causal = true;
  rules.valid_lens = {1};
  rules.given = Tensor<double>{0.0, 0.0, -inf};
  const Sizes sizes = sizes_of(1, 1, 3, 3);
  const auto future_padding_and_given = mask_verdict(rules, sizes, 0, 0, 0, 2);
  CHECK(future_padding_and_given.causal);
  CHECK(future_padding_and_given.padding);
  CHECK(future_padding_and_given.given);
  CHECK_FALSE(future_padding_and_given.window);
  const auto only_padding = mask_verdict(rules, sizes, 0, 0, 2, 1);
  CHECK(only_padding.padding);
  CHECK_FALSE(only_padding.causal);
  CHECK_FALSE(mask_verdict(rules, sizes, 0, 0, 0, 0).forbidden());
}

TEST_CASE("keys that the module appends are exempt from every rule") {
  MaskRules<double> rules;
  rules.causal = true;
  rules.valid_lens = {2};
  rules.exempt_keys = 1;
  rules.given = Tensor<double>{0.0, 0.0, 0.0};  // as wide as the keys without the appended one
  CHECK(picture(rules, sizes_of(1, 1, 2, 4)) == ".xx.\n..x.\n");
}

TEST_CASE("masks that do not fit are refused with both shapes") {
  MaskRules<double> rules;
  rules.given = empty<double>({3, 4});
  CHECK_THROWS_WITH_AS(check_mask(rules, sizes_of(2, 2, 3, 5)),
                       "mask: shape (3, 4) does not broadcast to (B, H, Lq, Lk) = (2, 2, 3, 5)", ShapeError);
  rules.given = empty<double>({1, 1, 1, 1, 5});
  CHECK_THROWS_AS(check_mask(rules, sizes_of(1, 1, 1, 5)), ShapeError);
  rules.given.reset();
  rules.valid_lens = {1, 2, 3};
  CHECK_THROWS_WITH_AS(check_mask(rules, sizes_of(2, 1, 1, 5)),
                       "valid lengths: found 3, expected one for each of 2 samples", ShapeError);
  rules.valid_lens = {1, 6};
  CHECK_THROWS_WITH_AS(check_mask(rules, sizes_of(2, 1, 1, 5)),
                       "valid lengths: found 6, but there are only 5 keys", ShapeError);
}
