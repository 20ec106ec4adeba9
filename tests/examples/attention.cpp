// The example of README.md: one query, two keys, by hand in data/README.md.
#include <attn/ops/attention.hpp>

#include <iostream>

int main() {
  const attn::Tensor<double> q = {{{{1.0, 0.0}}}};  // (B, H, Lq, D)
  const attn::Tensor<double> k = {{{{0.0, 0.0}, {1.0986122886681098, 0.0}}}};
  const attn::Tensor<double> v = {{{{4.0, 0.0}, {8.0, 4.0}}}};
  attn::AttentionOptions<double> options;
  options.scale = 1.0;
  const attn::AttentionSteps<double> steps = attn::attention(q, k, v, options);
  attn::visit(steps, [](attn::Step step, const attn::Tensor<double>& tensor) {
    std::cout << attn::name_of(step);
    for (const double number : tensor) std::cout << ' ' << number;
    std::cout << '\n';
  });
}
