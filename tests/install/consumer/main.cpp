// Attention on three tensors, one of them from the npz file named on the command line, against a result
// worked out by hand. Exit status 0 if they agree.
#include <attn/error.hpp>
#include <attn/io/source.hpp>
#include <attn/ops/dot_product.hpp>

#include <cmath>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: consumer FILE.npz\n", stderr);
    return 2;
  }
  try {
    const attn::Tensor<double> q = attn::filled({1, 1}, 1.0);
    attn::Tensor<double> k = attn::filled({2, 1}, 0.0);
    k(0, 0) = std::log(3.0);
    const auto v =
        attn::io::to_tensor<double>(attn::io::read_array(std::string(argv[1]) + ":v", "argument"), "argument");

    // With D = 1 the scale is 1 and the scores are ln 3 and 0; their exponentials 3 and 1 give the weights
    // 3/4 and 1/4. The values 2 and 6 of the file mix to 3/4 · 2 + 1/4 · 6 = 3.
    const attn::Tensor<double> output = attn::dot_product_attention<double>(q, k, v, 1, 1, {}).output;
    if (!(std::abs(output(0, 0) - 3.0) <= 1e-15 * 3.0)) {
      std::fprintf(stderr, "expected 3, found %.17g\n", output(0, 0));
      return 1;
    }
  } catch (const attn::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::puts("3");
  return 0;
}
