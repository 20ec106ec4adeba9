#include "verify/cases.hpp"
#include "verify/submission.hpp"

#include <attn/verify/precision_loss.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

Program right(const Case& c) { return {c, {}, {}}; }

// To so many significant bits.
double of_bits(double x, int bits) { return x == 0 ? 0 : std::ldexp(std::nearbyint(std::ldexp(x, bits - 1 - std::ilogb(x))), std::ilogb(x) - bits + 1); }

std::string precision_of(Step step, const Tensors& theirs, const Case& c = square()) {
  const Problem<double> problem = problem_of(c);
  const Tensors ours = run_problem(problem);
  const std::vector<StepVerdict> verdicts;
  const std::map<Step, Tolerance> tolerances;
  const auto found = reduced_precision({problem, theirs, ours, tolerances, step, {1e-6, 1e-6, false}, verdicts}, ours.at(step));
  return found ? found->variant : "";
}

}  // namespace

TEST_CASE("a fill value does not hide that the scores were rounded to bfloat16") {
  Case c = causal();
  c.options.attention.mask_fill = -1e6;
  Tensors theirs = right(c).run();
  for (double& score : theirs[Step::scores_masked].storage()) {
    if (score > -1e5) score = std::ldexp(std::nearbyint(std::ldexp(score, 8 - std::ilogb(score) - 1)), std::ilogb(score) - 7);
  }
  const Problem<double> problem = problem_of(c);
  const Tensors ours = run_problem(problem);
  std::map<Step, Tolerance> tolerances;
  for (const auto& [step, tensor] : ours) tolerances[step] = {1e-6, 1e-6, false};
  const std::vector<StepVerdict> verdicts;
  const auto found = reduced_precision({problem, theirs, ours, tolerances, Step::scores_masked, {1e-6, 1e-6, false}, verdicts}, ours.at(Step::scores_masked));
  REQUIRE(found);
  CHECK(found->id == "T2");
  CHECK(found->variant == "bfloat16");
}

TEST_CASE("TF32 and float16 have as many digits; what has float16 numbers alone is float16") {
  Tensors halves = right(square()).run(), products = halves;
  for (double& score : halves[Step::scores_raw].storage()) score = of_bits(score, 11);
  CHECK(precision_of(Step::scores_raw, halves) == "float16");
  // Factors of eleven bits, their products summed as they are.
  products[Step::scores_raw] = cells4({2, 3, 5, 5}, [&](Index b, Index h, Index i, Index j) {
    double sum = 0;
    for (Index d = 0; d < 2; ++d) sum += of_bits(products[Step::q](b, h, i, d), 11) * of_bits(products[Step::k](b, h, j, d), 11);
    return sum;
  });
  CHECK(precision_of(Step::scores_raw, products) == "TF32");
}

TEST_CASE("numbers that are all one per cent too large were not rounded") {
  Tensors larger = right(square()).run();
  for (double& score : larger[Step::scores_raw].storage()) score *= 1.01;
  CHECK(precision_of(Step::scores_raw, larger).empty());
  Tensors halves = right(square()).run();
  for (double& score : halves[Step::scores_raw].storage()) score = of_bits(score, 8);
  CHECK(precision_of(Step::scores_raw, halves) == "bfloat16");
}

TEST_CASE("numbers that are all off by the same amount, or by the same share in either direction, were not rounded") {
  Tensors moved = right(square()).run(), alternating = moved;
  for (double& score : moved[Step::scores_raw].storage()) score += 0.003;
  CHECK(precision_of(Step::scores_raw, moved).empty());
  bool up = false;
  for (double& score : alternating[Step::scores_raw].storage()) score *= (up = !up) ? 1.004 : 0.996;
  CHECK(precision_of(Step::scores_raw, alternating).empty());
}

TEST_CASE("of nine numbers a common amount is seen, too, and rounding is still rounding") {
  Case small = square();
  small.inputs.x = naive::numbers<double>({1, 3, 6}, 11);
  small.options.heads = small.options.kv_heads = 1;
  Tensors moved = right(small).run(), halves = moved;
  for (double& score : moved[Step::scores_raw].storage()) score += 0.003;
  for (double& score : halves[Step::scores_raw].storage()) score = of_bits(score, 8);
  CHECK(precision_of(Step::scores_raw, moved, small).empty());
  CHECK_FALSE(precision_of(Step::scores_raw, halves, small).empty());  // nine numbers hardly tell the formats apart
}

TEST_CASE("errors as large as those of few digits, and others, are something else") {
  Tensors noisy = right(square()).run();
  const Array noise = naive::numbers<double>({150}, 77);
  for (Index i = 0; i < 150; ++i) noisy[Step::scores_raw].data()[i] *= 1 + noise.data()[i] / 512;  // bfloat16 rounds by up to 1/512
  CHECK(precision_of(Step::scores_raw, noisy).empty());
  Tensors warmer = right(square()).run();
  for (double& score : warmer[Step::scores_masked].storage()) score *= 1.001;
  Program p = right(square());
  p.replaced[Step::scores_masked] = [&](const Program&, const Tensors&) { return warmer.at(Step::scores_masked); };
  CHECK(precision_of(Step::weights, {{Step::weights, p.run().at(Step::weights)}}).empty());
}

TEST_CASE("a stage in few digits that was not handed in shows in the next one that was") {
  Program p = right(square());
  p.replaced[Step::scores_raw] = [](const Program& given, const Tensors& t) {
    Array scores = given.right(Step::scores_raw, t);
    for (double& score : scores.storage()) score = of_bits(score, 8);
    return scores;
  };
  const Tensors all = p.run();
  CHECK(precision_of(Step::weights, {{Step::weights, all.at(Step::weights)}}) == "bfloat16");
  CHECK(precision_of(Step::output, {{Step::output, all.at(Step::output)}}) == "bfloat16");
}
