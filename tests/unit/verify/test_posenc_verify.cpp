// Submissions made by formulas written here; the run they are held against is the document's table and sum.
#include <attn/verify/posenc_verify.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;
using namespace attn::posenc;

namespace {

constexpr std::size_t len = 9, width = 10;

Tensor<double> table(double base, double offset = 0) {
  Tensor<double> p = empty<double>({len, width});
  for (std::size_t i = 0; i < len; ++i) {
    for (std::size_t c = 0; c < width; ++c) {
      const double angle = (static_cast<double>(i) + offset) * std::pow(base, -static_cast<double>(c / 2 * 2) / width);
      p(i, c) = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  }
  return p;
}

Tensor<double> added(const Tensor<double>& a, const Tensor<double>& b, double factor = 1) {
  Tensor<double> result = a;
  for (std::size_t i = 0; i < a.size(); ++i) result.data()[i] = factor * a.data()[i] + b.data()[i];
  return result;
}

EncodingRun run_of(const Tensor<double>& x) {
  EncodingRun run;
  const auto add = [](const Tensors& earlier) { return added(earlier.at(Step::x), earlier.at(Step::pos_encoding)); };
  run.steps = {{Step::x, x, 1e-6, true}, {Step::pos_encoding, table(10000), rounding_at(len)}, {Step::x_plus_p, added(x, table(10000)), rounding_at(len), false, add}};
  run.identify = [](Step step, const Tensors& tensors) {
    return step == Step::pos_encoding ? identify_sinusoidal(tensors.at(step)) : identify_sum(tensors.at(step), tensors.at(Step::x));
  };
  return run;
}

Verification judged(const EncodingRun& run, const Tensors& tensors, const VerifyOptions& options = {}) {
  Submission theirs;
  for (const auto& [step, tensor] : tensors) theirs.tensors.emplace(step, tensor);
  return verify_encoding(run, theirs, options);
}

Tensor<double> input() {
  Tensor<double> x = empty<double>({len, width});
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = std::cos(static_cast<double>(3 * i * i));
  return x;
}

}  // namespace

TEST_CASE("a table in float32 matches, and what it could not show is listed") {
  const EncodingRun run = run_of(input());
  Tensor<double> rounded = table(10000);
  for (double& value : rounded.storage()) value = static_cast<double>(static_cast<float>(value));
  const Verification found = judged(run, {{Step::pos_encoding, rounded}});
  CHECK(found.verdict == Verdict::match);
  CHECK_FALSE(found.blind_spots_left_out);
  CHECK(found.blind_spots.front().id == "E1");
  CHECK_FALSE(found.blind_spots.front().applies);  // the width is even
}

TEST_CASE("the first wrong step is named, and a sum of it is a consequence") {
  const EncodingRun run = run_of(input());
  const Verification found = judged(run, {{Step::pos_encoding, table(500)}, {Step::x_plus_p, added(input(), table(500))}});
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(found.first_divergent_step == Step::pos_encoding);
  REQUIRE(found.diagnosis.size() == 1);
  CHECK(found.diagnosis[0].id == "E6");
  CHECK(found.diagnosis[0].variant == "500");
  CHECK(found.diagnosis[0].expected == "10000");
  CHECK(found.steps[2].local == Local::match);
}

TEST_CASE("a right table with a wrong sum: the sum is the first wrong step") {
  const EncodingRun run = run_of(input());
  const Verification found = judged(run, {{Step::pos_encoding, table(10000)}, {Step::x_plus_p, added(input(), table(10000), std::sqrt(10.0))}});
  CHECK(found.first_divergent_step == Step::x_plus_p);
  REQUIRE(found.diagnosis.size() == 1);
  CHECK(found.diagnosis[0].id == "E10");
}

TEST_CASE("what the run's own options ask for is no mistake, and leaving it out is one") {
  EncodingRun run = run_of(input());
  run.steps = {{Step::pos_encoding, table(500), rounding_at(len)}};
  run.usual = {{"E6", "base", "500", "10000", Freedom::number}};
  CHECK(judged(run, {{Step::pos_encoding, table(500)}}).verdict == Verdict::match);
  const Verification found = judged(run, {{Step::pos_encoding, table(10000, 1)}});
  REQUIRE(found.diagnosis.size() == 2);
  CHECK(found.diagnosis[0].id == "E7");
  CHECK(found.diagnosis[0].with == "E6");
  CHECK(found.diagnosis[1].variant == "10000");
  CHECK(found.diagnosis[1].expected == "500");
}

TEST_CASE("a narrower tolerance, NaN, half precision and shapes that do not fit have their own names") {
  const EncodingRun run = run_of(input());
  Tensor<double> rounded = table(10000), half = rounded;
  for (double& value : rounded.storage()) value = static_cast<double>(static_cast<float>(value));
  VerifyOptions exact;
  exact.tolerance = Tolerance{0, 1e-12, false};
  CHECK(judged(run, {{Step::pos_encoding, rounded}}, exact).diagnosis.front().id == "T1");
  for (double& value : half.storage()) value = std::ldexp(std::nearbyint(std::ldexp(value, 11 - std::ilogb(value == 0 ? 1 : value) - 1)), std::ilogb(value == 0 ? 1 : value) + 1 - 11);
  const Verification coarse = judged(run, {{Step::pos_encoding, half}});
  REQUIRE(coarse.diagnosis.size() == 1);
  CHECK(coarse.diagnosis.front().id == "T2");
  CHECK(coarse.diagnosis.front().variant == "float16");
  CHECK(judged(run, {{Step::pos_encoding, filled<double>({2, 2}, 0)}}).steps[1].difference.status == Status::shape);
  CHECK(judged(run, {}).verdict == Verdict::incomparable);
  CHECK(judged(run, {{Step::x, input()}}).verdict == Verdict::incomparable);  // agreeing on the input only
}

TEST_CASE("where nothing is named, candidates are run") {
  EncodingRun run;
  run.steps = {{Step::pair_omega, Tensor<double>{1, 0.5}, 1e-7}};
  run.candidates = {{{"E6", "base", "9", "4"}, [] { return Tensors{{Step::pair_omega, Tensor<double>{1, 1.0 / 3}}}; }}};
  const Verification found = judged(run, {{Step::pair_omega, Tensor<double>{1, 1.0 / 3}}});
  REQUIRE(found.diagnosis.size() == 1);
  CHECK(found.diagnosis[0].id == "E6");
  CHECK_FALSE(found.diagnosis[0].explains);
  CHECK(judged(run, {{Step::pair_omega, Tensor<double>{1, 0.9}}}).diagnosis.empty());
}
