#include "verify/cases.hpp"

#include <attn/verify/rounding.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

using namespace attn;

namespace {

const double unit = std::ldexp(1.0, -23);  // distance of 1 to the next float

Tensor<double> exact(const std::vector<double>& values) {
  Tensor<double> tensor = empty<double>({values.size()});
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}
Tensor<float> single(const std::vector<float>& values) {
  Tensor<float> tensor = empty<float>({values.size()});
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

}  // namespace

TEST_CASE("the absolute tolerance is four measured errors and eight units of the largest magnitude") {
  // errors 0.25 and 0.5; largest magnitude 4
  const Tolerance t = rounding_tolerance(exact({1, -4}), single({1.25f, -3.5f}));
  CHECK(t.rtol == 1.3e-6);
  CHECK(t.atol == doctest::Approx(4 * 0.5 + 8 * 4 * unit).epsilon(1e-12));
  CHECK_FALSE(t.equal_nan);
}

TEST_CASE("exact agreement leaves the units") {
  CHECK(rounding_tolerance(exact({2, 1}), single({2, 1})).atol == doctest::Approx(8 * 2 * unit).epsilon(1e-12));
}

TEST_CASE("infinities, NaN and fill values are no measure") {
  const double inf = std::numeric_limits<double>::infinity();
  const Tolerance t = rounding_tolerance(exact({1, -inf, std::nan(""), -1e9, 2}),
                                         single({1, -std::numeric_limits<float>::infinity(), 7, -9.9e8f, std::numeric_limits<float>::infinity()}));
  CHECK(t.atol == doctest::Approx(8 * unit).epsilon(1e-12));
}

TEST_CASE("tensors of different sizes have nothing to measure") {
  CHECK(rounding_tolerance(exact({1, 2}), single({1})).atol == 0);
}

TEST_CASE("a problem in float32 has every number rounded once, and every option") {
  loops::Case c = loops::biased();
  AttentionOptions<double>& o = c.options.attention;
  o.scale = 0.1;
  o.softcap = 3;
  o.mask.causal = true;
  o.mask.align = CausalAlign::bottom_right;
  o.mask.valid_lens = {3, 4};
  o.mask.window = {1, 2};
  o.mask_fill = -1e4;
  o.masked_rows = MaskedRows::uniform;
  o.dropout_keep = filled<double>({2, 3, 5, 6}, 1.0);
  o.dropout_p = 0.25;
  c.options.add_zero_attn = true;
  c.options.average_weights = true;
  const Problem<double> problem = loops::problem_of(c);
  const Problem<float> narrow = in_float32(problem);
  CHECK(narrow.steps == problem.steps);
  CHECK(narrow.output_shape == problem.output_shape);
  CHECK(narrow.inputs.at(Step::x)(1, 4, 5) == static_cast<float>(problem.inputs.at(Step::x)(1, 4, 5)));
  CHECK((*narrow.weights->w_o)(5, 0) == static_cast<float>((*problem.weights->w_o)(5, 0)));
  CHECK_FALSE(narrow.weights->bias_k);
  CHECK(narrow.options.heads == 3);
  CHECK(narrow.options.kv_heads == 3);
  CHECK(narrow.options.add_zero_attn);
  CHECK(narrow.options.average_weights);
  const AttentionOptions<float>& a = narrow.options.attention;
  CHECK(a.scale == 0.1);
  CHECK(a.softcap == 3);
  CHECK(a.mask.causal);
  CHECK(a.mask.align == CausalAlign::bottom_right);
  CHECK(a.mask.valid_lens == std::vector<std::size_t>{3, 4});
  CHECK(a.mask.window.left == 1u);
  CHECK(a.mask.window.right == 2u);
  CHECK(a.mask.exempt_keys == 1);
  CHECK(shape_of(*a.mask.given) == Shape{2, 3, 5, 5});
  CHECK(a.mask_fill == -1e4f);
  CHECK(a.masked_rows == MaskedRows::uniform);
  CHECK(shape_of(*a.dropout_keep) == Shape{2, 3, 5, 6});
  CHECK(a.dropout_p == 0.25);
}

TEST_CASE("a float32 run of a problem passes its own tolerance at every step") {
  const Problem<double> problem = loops::problem_of(loops::causal());
  const Problem<float> narrow = in_float32(problem);
  Evaluator<double> run(problem);
  Evaluator<float> narrow_run(narrow);
  for (const Step step : problem.steps) {
    CAPTURE(std::string(name_of(step)));
    const Tensor<float>& floats = narrow_run.get(step);
    Tensor<double> widened = empty<double>(shape_of(floats));
    std::copy(floats.data(), floats.data() + floats.size(), widened.data());
    CHECK(compare(run.get(step), widened, rounding_tolerance(run.get(step), floats)).status == Status::match);
  }
}

TEST_CASE("half a unit of the last decimal, either way, is rounding by hand") {
  const Tolerance t = half_unit(2);
  const auto passes = [&](double ours, double theirs) { return compare(exact({ours}), exact({theirs}), t).status == Status::match; };
  CHECK(passes(0.125, 0.12));
  CHECK(passes(0.125, 0.13));
  CHECK(passes(1.0 / 3, 0.33));
  CHECK_FALSE(passes(1.0 / 3, 0.34));
  CHECK_FALSE(passes(0.125, 0.14));
  CHECK_FALSE(passes(15000.004, 15000.01));  // the size of a number allows nothing more
}

TEST_CASE("rounded earlier steps widen the tolerance of later ones, exact ones do not") {
  const Problem<double> problem = loops::problem_of(loops::square());
  const auto ours = run_problem(problem);
  Tensor<double> rounded = ours.at(Step::scores_raw);
  for (double& value : rounded.storage()) value = std::round(value * 10) / 10;
  const double half = half_unit(1).atol;
  const auto exact_before = decimal_tolerances(problem, ours, {{Step::scores_raw, ours.at(Step::scores_raw)}}, 1);
  CHECK(exact_before.at(Step::scores_scaled).atol == doctest::Approx(half));
  const auto rounded_before = decimal_tolerances(problem, ours, {{Step::scores_raw, rounded}}, 1);
  CHECK(rounded_before.at(Step::scores_raw).atol == doctest::Approx(half));
  // Rounding moves a raw score by at most 0.05, and the scale 1/√2 makes it at most 0.0354.
  CHECK(rounded_before.at(Step::scores_scaled).atol > half);
  CHECK(rounded_before.at(Step::scores_scaled).atol <= half + 2 * 0.05 / std::sqrt(2.0) + 1e-12);
}

TEST_CASE("the least tolerance is never above the measured one, and needs no float32 run") {
  const Tolerance least = least_tolerance(exact({1, -4}));
  CHECK(least.rtol == 1.3e-6);
  CHECK(least.atol == doctest::Approx(8 * 4 * unit).epsilon(1e-12));
  CHECK(least.atol <= rounding_tolerance(exact({1, -4}), single({1.25f, -3.5f})).atol);
  CHECK(least_tolerance(exact({-std::numeric_limits<double>::infinity(), std::nan(""), -1e9, 2})).atol == doctest::Approx(8 * 2 * unit).epsilon(1e-12));
  // 200 000 cells are looked at in steps of four; what is between is not seen, which only makes it smaller.
  Tensor<double> many = filled<double>({200000}, 1.0);
  many(1) = 100;
  CHECK(least_tolerance(many).atol == doctest::Approx(8 * unit).epsilon(1e-12));
}

TEST_CASE("a problem moved by rounding has every number within half a unit of float32, and is always the same") {
  const Problem<double> problem = loops::problem_of(loops::causal());
  const Problem<double> moved = moved_by_rounding(problem);
  CHECK(moved.inputs.at(Step::x) == moved_by_rounding(problem).inputs.at(Step::x));
  const auto check = [](const Tensor<double>& from, const Tensor<double>& to) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const double change = std::abs(to.data()[i] / from.data()[i] - 1);
      CHECK(change == doctest::Approx(unit / 2).epsilon(1e-6));
    }
  };
  check(problem.inputs.at(Step::x), moved.inputs.at(Step::x));
  check(*problem.weights->w_o, *moved.weights->w_o);
}
