// The formulas of published counters, worked out by hand from their source files (named in each row) for one
// self-attention: b = 2 samples, n = m = 10 positions, width d = 16, h = 4 heads, so D = 4.
//
//   a map of one sample                 10·16·16       = 2560 multiply-adds; four maps 10 240
//   Q·Kᵀ or A·V of one sample           4·10·10·4      = 1600 multiply-adds; both 3200
//   scores of one sample                4·10·10        = 400
#include <attn/cost/reconcile.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace attn::cost;

namespace {

Values sizes() {
  Values values;
  values[Letter::b] = 2;
  values[Letter::n] = values[Letter::m] = 10;
  values[Letter::d] = 16;
  values[Letter::h] = 4;
  values[Letter::p] = 100;
  return values;
}

Count value_of(const std::string& counter, const std::vector<std::string>& parts, const std::string& unit) {
  for (const Convention& row : published_conventions()) {
    if (row.counter == counter && row.parts == parts && row.unit == unit) return row.formula.value(sizes());
  }
  return -1;
}

}  // namespace

TEST_CASE("torch: mm_flop and bmm_flop are 2·m·n·k; biases, softmax and scale count nothing") {
  CHECK(value_of("torch", {"module", "products"}, "FLOP") == 2 * 2 * (10240 + 3200));
  CHECK(value_of("torch", {"sdpa"}, "FLOP") == 2 * 2 * 3200);  // sdpa_flop_count: two bmm
  // Backward of the fused attention: five products of 2·1600 in each of the 2 samples, after two forward.
  CHECK(value_of("torch", {"sdpa", "backward"}, "FLOP") == 2 * 2 * 1600 * (2 + 5));
  CHECK(value_of("torch", {"module", "products", "backward"}, "FLOP") == 3 * 53760);
}

TEST_CASE("fvcore: linear_flop_jit and bmm_flop_jit are products of sizes, one for a multiply-add") {
  CHECK(value_of("fvcore", {"module", "products"}, "MAC") == 2 * (10240 + 3200));
  CHECK(value_of("fvcore", {"module", "baddbmm"}, "MAC") == 2 * (10240 + 1600));
  CHECK(value_of("fvcore", {"module", "fused"}, "MAC") == 2 * 10240);
}

TEST_CASE("ptflops: the hook adds the scaling of Q, biases, softmax and an output bias that is always there") {
  // scale 160, three maps 7680, their biases 480, heads 4·(400 + 100 + 400) = 3600, output 10·16·17 = 2720
  CHECK(value_of("ptflops", {"hook", "in_bias"}, "MAC") == 2 * (160 + 7680 + 480 + 3600 + 2720));
  CHECK(value_of("ptflops", {"hook", "no_in_bias"}, "MAC") == 2 * (160 + 7680 + 3600 + 2720));
}

TEST_CASE("calflops and DeepSpeed: F.linear without its bias, matmul and bmm at 2 a multiply-add, softmax 1 a score") {
  for (const char* counter : {"calflops", "deepspeed"}) {
    CHECK(value_of(counter, {"module", "softmax_numel"}, "FLOP") == 2 * (2 * (10240 + 3200) + 400));
    CHECK(value_of(counter, {"module", "products"}, "MAC") == 2 * (10240 + 3200));
  }
}

TEST_CASE("thop: linear modules, and softmax modules at 3·m − 1 a row") {
  CHECK(value_of("thop", {"linear_modules"}, "MAC") == 2 * 10240);
  // 4·10 rows of 10 exponentials, 9 sums and 10 quotients
  CHECK(value_of("thop", {"linear_modules", "softmax_module"}, "MAC") == 2 * (10240 + 40 * 29));
}

TEST_CASE("papers: Kaplan counts one product of the scores, FlashAttention 4·n²·d, PaLM three passes") {
  CHECK(value_of("kaplan", {"module", "scores_only"}, "FLOP") == 2 * 2 * (10240 + 1600));
  CHECK(value_of("flashattention", {"sdpa"}, "FLOP") == 2 * 4 * 10 * 10 * 16);
  CHECK(value_of("flashattention", {"sdpa", "halved"}, "FLOP") == 2 * 2 * 10 * 10 * 16);
  CHECK(value_of("palm", {"module", "products", "backward"}, "FLOP") == 2 * (6 * 4 * 10 * 16 * 16 + 12 * 10 * 10 * 16));
}

TEST_CASE("no two rows of one counter say the same, every source is a file or a paper, and torch's says where it is not") {
  std::set<std::string> seen;
  for (const Convention& row : published_conventions()) {
    std::string text = row.counter + " " + row.unit;
    for (const std::string& part : row.parts) text += " " + part;
    CAPTURE(text);
    CHECK(seen.insert(text).second);
    const bool file = row.source.find(".py") != std::string::npos || row.source.find("hooks.") != std::string::npos;
    const bool paper = row.source.find("20") != std::string::npos || row.source.find("FlashAttention") != std::string::npos;
    CHECK((file || paper));
    if (row.counter == "torch") CHECK(row.source.find("1.13") != std::string::npos);
  }
}

TEST_CASE("combinations count every choice once") {
  // Maps 3, products 2, softmax 4, biases 2, scale 2, mask 2, unit 2, pairs 2.
  CHECK(combined_conventions().size() == 3 * 2 * 4 * 2 * 2 * 2 * 2 * 2);
}
