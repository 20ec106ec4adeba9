#include <attn/cost/reconcile.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

using namespace attn::cost;

namespace {

// b = 2, n = 5, m = 7, d = 12, h = 3, and the counts that the counters' rules give for them, term by term:
//   maps      q, output: 5·12·12 = 720 each; k, v: 7·12·12 = 1008 each: 3456 a sample
//   products  Q·Kᵀ and A·V: 5·7·12 = 420 each: 840 a sample
//   scores    3·5·7 = 105 a sample
Values sizes() {
  Values values;
  values[Letter::b] = 2;
  values[Letter::n] = 5;
  values[Letter::m] = 7;
  values[Letter::d] = 12;
  values[Letter::h] = 3;
  return values;
}

/// The first part of the names of all conventions of `counter` that give `claimed`.
std::set<std::string> matches(Count claimed, const std::string& counter) {
  std::set<std::string> found;
  for (const Reckoning& row : reconcile(*parse_claim(to_string(claimed)), sizes(), counter)) {
    if (!row.matches) continue;
    std::string name = row.convention->unit;
    for (const std::string& part : row.convention->parts) name += " " + part;
    found.insert(name);
  }
  return found;
}

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("PyTorch's own counter: two a multiply-add, products alone") {
  CHECK(matches(17184, "torch") == Names{"FLOP module products"});           // 2·2·(3456 + 840)
  CHECK(matches(3360, "torch") == Names{"FLOP sdpa"});                       // 2·2·840
  CHECK(matches(51552, "torch") == Names{"FLOP module products backward"});  // three times the first
}

TEST_CASE("fvcore: one a multiply-add, and nothing for what has no rule") {
  CHECK(matches(8592, "fvcore") == Names{"MAC module products"});  // 2·(3456 + 840)
  CHECK(matches(7752, "fvcore") == Names{"MAC module baddbmm"});   // 2·(3456 + 420)
  CHECK(matches(6912, "fvcore") == Names{"MAC module fused"});     // 2·3456
}

TEST_CASE("ptflops: its own formula with scale, softmax and biases at one each") {
  // scale 5·12 = 60; maps 3456; input biases (5 + 7 + 7)·12 = 228; products 840; softmax 105; output bias 60
  CHECK(matches(9498, "ptflops") == Names{"MAC hook in_bias"});     // 2·4749
  CHECK(matches(9042, "ptflops") == Names{"MAC hook no_in_bias"});  // 2·4521
}

TEST_CASE("calflops and DeepSpeed: two a multiply-add and one a score for softmax, or multiply-adds") {
  for (const char* counter : {"calflops", "deepspeed"}) {
    CHECK(matches(17394, counter) == Names{"FLOP module softmax_numel"});  // 2·(2·(3456 + 840) + 105)
    CHECK(matches(8592, counter) == Names{"MAC module products"});
  }
  CHECK(matches(13824, "calflops") == Names{"FLOP module fused"});  // 2·2·3456
}

TEST_CASE("thop: linear modules, softmax modules, and its formula of nn.Transformer") {
  CHECK(matches(6912, "thop") == Names{"MAC linear_modules"});
  // 3·5 rows of 7 exponentials, 6 sums, 7 quotients: 15·20 = 300 a sample
  CHECK(matches(7512, "thop") == Names{"MAC linear_modules softmax_module"});
  // Its code for one self-attention with S = 5, E = 12, H = 3: 3·5·144 + (5⁴·4² + 25 + 5·14 + 1)·3 + 5·144
  // + 2·5·12 = 2160 + 30288 + 720 + 120 = 33288 a sample
  CHECK(matches(66576, "thop") == Names{"MAC transformer_hook"});
}

TEST_CASE("without a counter, every convention that gives the number is listed: ties are ties") {
  std::set<std::string> counters;
  for (const Reckoning& row : reconcile(*parse_claim("8592"), sizes(), "")) {
    if (row.matches) counters.insert(row.convention->counter);
  }
  CHECK(counters == Names{"", "calflops", "deepspeed", "fvcore"});
}

TEST_CASE("combinations cover the causal half, and the simplest comes first") {
  // Causal pairs of 5 queries and 7 keys: 1 + 2 + 3 + 4 + 5 = 15. Both products: 2·2·2·15·12 = 1440 FLOPs.
  const std::vector<Reckoning> rows = reconcile(*parse_claim("1440"), sizes(), "");
  REQUIRE(rows.front().matches);
  CHECK(rows.front().convention->unit == "FLOP");
  CHECK(rows.front().convention->parts == std::vector<std::string>{"no_maps", "products", "causal_half"});
  Values more_queries = sizes();
  more_queries[Letter::n] = 9;  // 1 + … + 7 + 7 + 7 = 42 pairs; 2·2·42·12 = 2016
  CHECK(reconcile(*parse_claim("2016"), more_queries, "").front().matches);
}

TEST_CASE("without a match the nearest come first") {
  const std::vector<Reckoning> rows = reconcile(*parse_claim("17200"), sizes(), "torch");
  CHECK_FALSE(rows.front().matches);
  CHECK(rows.front().value == 17184);
  CHECK(rows.back().value == 51552);
}

TEST_CASE("a claim is whole or rounded, and a rounded one matches what rounds to it") {
  CHECK(parse_claim("17184")->matches(17184));
  CHECK_FALSE(parse_claim("17184")->matches(17185));
  CHECK(parse_claim("17.2K")->matches(17184));        // 17 150 … 17 250
  CHECK_FALSE(parse_claim("17.2K")->matches(17251));
  CHECK(parse_claim("17.18K")->matches(17184));
  CHECK_FALSE(parse_claim("17.19K")->matches(17184));
  CHECK(parse_claim("1.7e4")->matches(17184));        // 16 500 … 17 500
  CHECK_FALSE(parse_claim("1.7e4")->matches(17501));
  CHECK(parse_claim("1.5G")->matches(1549999999));
  CHECK(parse_claim("0.0172M")->matches(17184));
  CHECK(parse_claim("100000000000000000000000000000")->exact == power(10, 29));
  for (const char* text : {"", "0", "-5", "12x", "K", "nan", "inf", "1e400", "1 000", "0x10"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_claim(text).has_value());
  }
}

TEST_CASE("six published counters and more can be asked for, and every row names its source") {
  const std::vector<std::string> names = counter_names();
  for (const char* name : {"torch", "fvcore", "ptflops", "calflops", "thop", "deepspeed"}) {
    CHECK(std::count(names.begin(), names.end(), name) == 1);
  }
  for (const Convention& row : published_conventions()) CHECK_FALSE(row.source.empty());
}
