// Random runs of attention: shapes that leave rests in every blocking, and every mask rule in every combination.
#pragma once

#include "../../naive.hpp"

#include <attn/ops/attention.hpp>

#include <limits>
#include <random>
#include <string>

namespace attn::fused {

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  /// A whole number from low to high; the same on every platform.
  std::size_t between(std::size_t low, std::size_t high) { return low + engine_() % (high - low + 1); }
  bool one_in(std::size_t n) { return between(1, n) == 1; }
  std::uint32_t seed() { return static_cast<std::uint32_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

/// One run, in float64; `as` rounds it.
struct RandomCase {
  Tensor<double> q, k, v;
  AttentionOptions<double> options;
  std::string text;  ///< for messages
};

inline Tensor<double> rounded_numbers(const Shape& shape, std::uint32_t seed, double size) {
  Tensor<double> tensor = naive::numbers<double>(shape, seed);
  for (double& value : tensor.storage()) value = static_cast<float>(value * size);
  return tensor;
}

inline Sizes random_sizes(Dice& dice) {
  Sizes s;
  s.batch = dice.between(1, 2);
  s.kv_heads = dice.between(1, 2);
  s.heads = s.kv_heads * dice.between(1, 3);
  // Mostly smaller than a panel and a tile, sometimes several of them.
  s.query_len = dice.one_in(6) ? dice.between(60, 140) : dice.between(1, 40);
  s.new_len = dice.one_in(6) ? dice.between(150, 450) : dice.between(0, 60);
  s.past_len = dice.one_in(4) ? dice.between(0, 150) : 0;
  s.head_dim = dice.one_in(12) ? 0 : dice.between(1, 20);
  s.value_dim = dice.between(1, 20);
  s.key_len = s.past_len + s.new_len;
  return s;
}

inline Tensor<double> random_mask(Dice& dice, const Sizes& s, std::size_t keys) {
  Shape shape = {dice.one_in(2) ? 1 : s.batch, dice.one_in(2) ? 1 : s.heads, dice.one_in(3) ? 1 : s.query_len,
                 dice.one_in(5) ? 1 : keys};
  shape.erase(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(dice.between(0, 3)));
  Tensor<double> mask = rounded_numbers(shape, dice.seed(), 2);
  const std::size_t kind = dice.between(0, 2);  // only additions, some forbidden, only forbidden or not
  for (double& value : mask.storage()) {
    if (kind > 0 && value > 0.8) value = -std::numeric_limits<double>::infinity();
    if (kind == 2 && value <= 0.8) value = value > -1 ? 0 : -std::numeric_limits<double>::infinity();
  }
  return mask;
}

inline MaskRules<double> random_rules(Dice& dice, const Sizes& s) {
  MaskRules<double> rules;
  if (s.new_len > 0 && dice.one_in(5)) rules.exempt_keys = dice.between(1, std::min<std::size_t>(2, s.new_len));
  const std::size_t keys = s.key_len - rules.exempt_keys;
  rules.causal = dice.one_in(3);
  if (dice.one_in(2)) rules.align = CausalAlign::bottom_right;
  if (dice.one_in(3)) {
    for (std::size_t b = 0; b < s.batch; ++b) rules.valid_lens.push_back(dice.between(0, keys));
  }
  if (dice.one_in(4)) rules.window.left = dice.between(0, 30);
  if (dice.one_in(6)) rules.window.right = dice.between(0, 30);
  if (dice.one_in(3)) rules.given = random_mask(dice, s, keys);
  return rules;
}

inline RandomCase random_case(unsigned seed) {
  Dice dice(seed);
  const Sizes s = random_sizes(dice);
  RandomCase c;
  const double size = dice.one_in(4) ? 8 : 1.5;  // large scores: sharp weights
  c.q = rounded_numbers({s.batch, s.heads, s.query_len, s.head_dim}, dice.seed(), size);
  c.k = rounded_numbers({s.batch, s.kv_heads, s.new_len, s.head_dim}, dice.seed(), size);
  c.v = rounded_numbers({s.batch, s.kv_heads, s.new_len, s.value_dim}, dice.seed(), 1);
  if (s.past_len > 0) {
    c.options.past_key = rounded_numbers({s.batch, s.kv_heads, s.past_len, s.head_dim}, dice.seed(), size);
    c.options.past_value = rounded_numbers({s.batch, s.kv_heads, s.past_len, s.value_dim}, dice.seed(), 1);
  }
  c.options.mask = random_rules(dice, s);
  const double fills[] = {-1e9, -1e4, -3.0, -3.4028234663852886e38};
  if (dice.one_in(5)) c.options.mask_fill = fills[dice.between(0, 3)];
  const MaskedRows policies[] = {MaskedRows::zero, MaskedRows::nan, MaskedRows::uniform};
  if (dice.one_in(2)) c.options.masked_rows = policies[dice.between(0, 2)];
  if (dice.one_in(4)) c.options.softcap = dice.one_in(2) ? 30 : 2;
  if (dice.one_in(4)) c.options.scale = dice.one_in(2) ? -0.25 : 1;
  c.text = "seed " + std::to_string(seed) + ": q " + to_string(shape_of(c.q)) + ", k " + to_string(shape_of(c.k)) +
           ", past " + std::to_string(s.past_len);
  return c;
}

template <class T>
Tensor<T> as(const Tensor<double>& tensor) {
  Tensor<T> result = empty<T>(shape_of(tensor));
  for (std::size_t i = 0; i < tensor.size(); ++i) result.data()[i] = static_cast<T>(tensor.data()[i]);
  return result;
}

template <class T>
AttentionOptions<T> as(const AttentionOptions<double>& options) {
  AttentionOptions<T> result;
  result.scale = options.scale;
  result.softcap = options.softcap;
  result.mask_fill = static_cast<T>(options.mask_fill);
  result.masked_rows = options.masked_rows;
  const MaskRules<double>& rules = options.mask;
  result.mask = {rules.causal, rules.align, rules.valid_lens, rules.window, std::nullopt, rules.exempt_keys};
  if (rules.given) result.mask.given = as<T>(*rules.given);
  if (options.past_key) {
    result.past_key = as<T>(*options.past_key);
    result.past_value = as<T>(*options.past_value);
  }
  return result;
}

}  // namespace attn::fused
