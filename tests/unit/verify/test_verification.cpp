#include "verify/given_heads.hpp"
#include "verify/planted_heads.hpp"
#include "verify/planted_mask.hpp"
#include "verify/planted_padding.hpp"
#include "verify/planted_projections.hpp"
#include "verify/planted_scores.hpp"
#include "verify/planted_softmax.hpp"
#include "verify/submission.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace attn;
using namespace loops;

namespace {

const std::set<std::string> conventions = {"C6", "M4", "M9", "M17", "G2"};

// A mistake is seen at its first step and named; a convention is reported and not held against them.
void check_is_named(const Planted& mistake) {
  CAPTURE(mistake.id);
  CAPTURE(mistake.variant);
  const Verification v = verify(problem_of(mistake.made_in()), submission_of(mistake.program().run()), {});
  CAPTURE(ids_of(v.diagnosis));
  CHECK(names(v.diagnosis, mistake.id));
  const bool too_weak = mistake.variant == "-10";  // exp(−10) leaks
  const bool shifts_scores_only = mistake.id == "P3" && mistake.variant == "k";  // q·b_k is the same for every key
  if (shifts_scores_only || (conventions.count(mistake.id) && !too_weak)) {
    CHECK(v.verdict == Verdict::match);
    CHECK_FALSE(v.first_divergent_step);
  } else {
    CHECK(v.verdict == Verdict::mismatch);
    REQUIRE(v.first_divergent_step);
    CHECK(std::string(name_of(*v.first_divergent_step)) == std::string(name_of(mistake.first)));
  }
}

void check_all_are_named(const std::vector<Planted>& mistakes) {
  for (const Planted& mistake : mistakes) check_is_named(mistake);
}

Program right(const Case& c) { return {c, {}, {}}; }

}  // namespace

TEST_CASE("a right run saved in float32 matches at every step") {
  for (const auto make : {square, cross, cross_causal, causal, padded, biased, windowed, hidden_sample, capped, rescaled}) {
    const Case c = make();
    const Verification v = verify(problem_of(c), submission_of(right(c).run()), {});
    CHECK(v.verdict == Verdict::match);
    CHECK(v.diagnosis.empty());
    CHECK_FALSE(v.first_divergent_step);
    for (const StepVerdict& step : v.steps) {
      CAPTURE(std::string(name_of(step.step)));
      if (step.difference.status == Status::missing) continue;
      CHECK(step.difference.status == Status::match);
      CHECK(step.local == Local::match);
    }
  }
}

TEST_CASE("mistakes in the linear maps are found at their first step and named") { check_all_are_named(planted_projections()); }
TEST_CASE("mistakes with heads are found at their first step and named") { check_all_are_named(planted_heads()); }
TEST_CASE("mistakes in scores, scale and cap are found at their first step and named") { check_all_are_named(planted_scores()); }
TEST_CASE("mistakes with the mask are found at their first step and named") { check_all_are_named(planted_mask()); }
TEST_CASE("rows of padding that differ are named and not held against anybody") { check_all_are_named(planted_padding()); }
TEST_CASE("mistakes in the softmax are found at their first step and named") { check_all_are_named(planted_softmax()); }

TEST_CASE("after the first wrong step the later ones differ end to end and follow locally") {
  Program p = right(square());
  scale_by(p, 1);
  const Verification v = verify(problem_of(square()), submission_of(p.run()), {});
  for (const StepVerdict& step : v.steps) {
    CAPTURE(std::string(name_of(step.step)));
    if (step.step == Step::x) continue;
    const bool before = step.step < Step::scores_scaled, at = step.step == Step::scores_scaled;
    CHECK(step.difference.status == (before ? Status::match : Status::mismatch));
    CHECK(step.local == (at ? Local::mismatch : Local::match));
  }
}

TEST_CASE("C3 and C5 give the same factor 1/D at the default scale, and both are named") {
  Program p = right(square());
  scale_by(p, 0.5);
  const Verification v = verify(problem_of(square()), submission_of(p.run()), {});
  CHECK(ids_of(v.diagnosis) == "C3 C5");
}

TEST_CASE("a definite mistake silences the one with a free factor") {
  Program p = right(square());
  scale_by(p, 1);
  CHECK(ids_of(verify(problem_of(square()), submission_of(p.run()), {}).diagnosis) == "C2");
}

TEST_CASE("with the output alone a mistake further up is consistent with it, not shown to explain it") {
  Program p = right(square());
  scale_by(p, 1);
  const Verification v = verify(problem_of(square()), only(Step::output, p.run()), {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::output);
  REQUIRE(names(v.diagnosis, "C2"));
  for (const Diagnosis& d : v.diagnosis) CHECK_FALSE(d.explains);
}

TEST_CASE("with the step itself a mistake explains it") {
  Program p = right(square());
  scale_by(p, 1);
  const Verification v = verify(problem_of(square()), submission_of(p.run()), {});
  REQUIRE(v.diagnosis.size() == 1);
  CHECK(v.diagnosis[0].explains);
  CHECK(v.diagnosis[0].step == Step::scores_scaled);
}

TEST_CASE("two independent mistakes are found one after the other") {
  Program p = right(square());
  scale_by(p, 1);
  p.replaced[Step::output] = [](const Program&, const Tensors& t) { return t.at(Step::merged); };
  const Verification v = verify(problem_of(square()), submission_of(p.run()), {});
  CHECK(v.first_divergent_step == Step::scores_scaled);
  CHECK(names(v.diagnosis, "C2"));
  CHECK(names(v.diagnosis, "P8"));
}

TEST_CASE("two mistakes behind one tensor are found as a pair") {
  Program p = right(causal());
  scale_by(p, 1);
  p.replaced[Step::mask] = [](const Program&, const Tensors&) { return filled<double>({2, 3, 5, 5}, 0.0); };
  const Verification v = verify(problem_of(causal()), only(Step::output, p.run()), {});
  REQUIRE(names(v.diagnosis, "C2"));
  REQUIRE(names(v.diagnosis, "M15"));
  for (const Diagnosis& d : v.diagnosis) {
    if (d.id == "C2") CHECK(d.with == "M15");
  }
}

TEST_CASE("a difference that no mistake explains is a mismatch without a name") {
  Tensors t = right(square()).run();
  t[Step::merged](1, 2, 3) += 0.5;
  const Verification v = verify(problem_of(square()), submission_of(t), {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::merged);
  CHECK(v.diagnosis.empty());
}

TEST_CASE("the worst cell is found where it was planted") {
  Tensors t = right(square()).run();
  t[Step::merged](1, 2, 3) += 0.5;
  for (const StepVerdict& step : verify(problem_of(square()), submission_of(t), {}).steps) {
    if (step.step == Step::merged) CHECK(unravel(step.difference.at, step.ours) == Shape{1, 2, 3});
  }
}

TEST_CASE("with nothing to compare there is no verdict") {
  const Verification v = verify(problem_of(square()), {}, {});
  CHECK(v.verdict == Verdict::incomparable);
  CHECK_FALSE(v.first_divergent_step);
  CHECK(v.diagnosis.empty());
  for (const StepVerdict& step : v.steps) CHECK(step.difference.status == Status::missing);
}

TEST_CASE("an input alone is nothing that was computed") {
  Submission s;
  s.tensors[Step::x] = square().inputs.x;
  CHECK(verify(problem_of(square()), s, {}).verdict == Verdict::incomparable);
}

TEST_CASE("another shape is reported with both shapes") {
  Submission s;
  s.tensors[Step::weights] = filled<double>({2, 3, 5, 4}, 0.25);
  const Verification v = verify(problem_of(square()), s, {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::weights);
  for (const StepVerdict& step : v.steps) {
    if (step.step != Step::weights) continue;
    CHECK(step.difference.status == Status::shape);
    CHECK(step.ours == Shape{2, 3, 5, 5});
    CHECK(step.theirs == Shape{2, 3, 5, 4});
  }
}

TEST_CASE("a wrong input is where the difference starts") {
  Submission s = submission_of(right(square()).run());
  Array x = square().inputs.x;
  x(0, 0, 0) += 1;
  s.tensors[Step::x] = x;
  const Verification v = verify(problem_of(square()), s, {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::x);
}

TEST_CASE("NaN in the place of a number is a mismatch; NaN where ours has NaN passes on request") {
  Case c = hidden_sample();
  c.options.attention.masked_rows = MaskedRows::nan;
  Program p = right(c);
  hidden_rows(p, std::nan(""));
  const Submission s = submission_of(p.run());
  CHECK(verify(problem_of(c), s, {std::nullopt, true}).verdict == Verdict::match);
  CHECK(verify(problem_of(hidden_sample()), s, {}).verdict == Verdict::mismatch);
  const Verification unasked = verify(problem_of(c), s, {});
  CHECK(unasked.verdict == Verdict::mismatch);
  CHECK(unasked.first_divergent_step == Step::weights);
  CHECK(ids_of(unasked.diagnosis) == "T3");
}

TEST_CASE("a tolerance narrower than float32 says that only rounding differs") {
  const Verification v = verify(problem_of(square()), submission_of(right(square()).run()), {Tolerance{0, 1e-12, false}, false});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(ids_of(v.diagnosis) == "T1");
}

TEST_CASE("a stage computed in bfloat16 does not pass, and is named") {
  Tensors t = right(square()).run();
  Array& merged = t[Step::merged];
  for (double& value : merged.storage()) {  // seven bits behind the first: cut off the lower ones of a float
    int exponent = 0;
    const double mantissa = std::frexp(value, &exponent);
    value = std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8);
  }
  const Verification v = verify(problem_of(square()), only(Step::merged, t), {});
  CHECK(v.verdict == Verdict::mismatch);
  REQUIRE(ids_of(v.diagnosis) == "T2");
  CHECK(v.diagnosis[0].variant == "bfloat16");
}

TEST_CASE("queries and keys in another basis are the same function") {
  Tensors t = right(square()).run();
  t.erase(Step::q_proj);
  t.erase(Step::k_proj);
  for (double& value : t[Step::q].storage()) value *= 3;
  for (double& value : t[Step::k].storage()) value /= 3;
  const Verification v = verify(problem_of(square()), submission_of(t), {});
  CHECK(v.verdict == Verdict::match);
  CHECK(names(v.diagnosis, "P9"));
}

TEST_CASE("queries that do not give the scores beside them are wrong, not another basis") {
  Tensors t = right(square()).run();
  t[Step::q](1, 2, 3, 1) += 0.5;
  const Verification v = verify(problem_of(square()), submission_of(t), {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::q);
  CHECK_FALSE(names(v.diagnosis, "P9"));
}

TEST_CASE("values that nothing stands beside but the output are another basis only if they are one") {
  Case c = square();
  c.inputs.x = naive::numbers<double>({2, 9, 6}, 11);
  const Tensors t = right(c).run();
  const auto verified = [&](Array v) { return verify(problem_of(c), submission_of({{Step::v, std::move(v)}, {Step::output, t.at(Step::output)}}), {}); };
  Array doubled = t.at(Step::v);
  for (double& value : doubled.storage()) value *= 2;
  CHECK(ids_of(verified(doubled).diagnosis) == "P9");
  const Verification wrong = verified(naive::numbers<double>(shape_of(doubled), 5));
  CHECK(wrong.verdict == Verdict::mismatch);
  CHECK(wrong.first_divergent_step == Step::v);
  CHECK(wrong.diagnosis.empty());
}

TEST_CASE("values that do not give the heads beside them are wrong, not another basis") {
  Tensors t = right(square()).run();
  for (double& value : t[Step::v].storage()) value = std::nan("");
  const Verification v = verify(problem_of(square()), submission_of(t), {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::v);
}

TEST_CASE("a projection of another shape is a mismatch, even if everything after it is right") {
  Tensors t = right(square()).run();
  t[Step::q_proj] = filled<double>({5, 5}, 0.5);
  const Verification v = verify(problem_of(square()), submission_of(t), {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::q_proj);
}

TEST_CASE("a run with one head cannot show H1 and H2, one without a mask no mistake with masks") {
  Case one = square();
  one.options.heads = one.options.kv_heads = 1;
  const Verification v = verify(problem_of(one), submission_of(right(one).run()), {});
  REQUIRE(v.verdict == Verdict::match);
  CHECK_FALSE(v.blind_spots_on);
  std::map<std::string, bool> blind;
  for (const BlindSpot& spot : v.blind_spots) blind[spot.id] = spot.applies;
  REQUIRE(blind.count("H1"));
  CHECK_FALSE(blind["H1"]);
  REQUIRE(blind.count("H2"));
  CHECK(blind["H2"]);  // it can be made, and changes nothing
  REQUIRE(blind.count("M15"));
  CHECK_FALSE(blind["M15"]);
  CHECK(blind.count("C2") == 0);
  CHECK(blind.count("P1") == 0);
}

TEST_CASE("blind spots are found in cross-attention with more queries than keys") {
  Case c = cross();
  c.inputs.x = naive::numbers<double>({2, 7, 6}, 12);
  c.inputs.memory = naive::numbers<double>({2, 3, 6}, 13);
  const Verification v = verify(problem_of(c), submission_of(right(c).run()), {});
  CHECK(v.verdict == Verdict::match);
  CHECK_FALSE(v.blind_spots.empty());
}

TEST_CASE("verdicts are spelled as in the JSON report") {
  CHECK(std::string(to_string(Verdict::match)) == "match");
  CHECK(std::string(to_string(Verdict::mismatch)) == "mismatch");
  CHECK(std::string(to_string(Verdict::incomparable)) == "incomparable");
  CHECK(std::string(to_string(Local::unknown)) == "unknown");
}

TEST_CASE("shapes that fit nothing are findings, whatever step they stand for") {
  const Tensors right_run = right(causal()).run();
  for (const auto& [wrong, tensor] : right_run) {
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{5, 5}, Shape{2, 5, 5}, Shape{2, 3, 5, 9}, Shape{0, 3, 5, 5}}) {
      CAPTURE(std::string(name_of(wrong)));
      CAPTURE(attn::to_string(shape));
      Submission s = submission_of(right_run);
      s.tensors[wrong] = filled<double>(shape, 0.5);
      CHECK(verify(problem_of(causal()), s, {}).verdict == Verdict::mismatch);
    }
  }
}

TEST_CASE("numbers rounded to the decimals that were asked for match, others do not") {
  const Tensors tensors = right(square()).run();
  for (const int decimals : {2, 4}) {
    Submission submission;
    for (const auto& [step, tensor] : tensors) {
      Array rounded = tensor;
      for (double& value : rounded.storage()) value = std::round(value * std::pow(10.0, decimals)) / std::pow(10.0, decimals);
      submission.tensors.emplace(step, rounded);
    }
    VerifyOptions options;
    options.decimals = decimals;
    CHECK(verify(problem_of(square()), submission, options).verdict == Verdict::match);
    options.decimals = decimals + 1;
    CHECK(verify(problem_of(square()), submission, options).verdict == Verdict::mismatch);
  }
}

TEST_CASE("where the first wrong step is off is kept for the report") {
  Program p = right(square());
  scale_by(p, 1);
  const Problem<double> problem = problem_of(square());
  const Verification wrong = verify(problem, submission_of(p.run()), {});
  const Tensor<double> raw = run_problem(problem).at(Step::scores_raw), scaled = run_problem(problem).at(Step::scores_scaled);
  REQUIRE(wrong.excess);
  REQUIRE(wrong.excess->size() == raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) CHECK(wrong.excess->data()[i] == doctest::Approx(std::abs(raw.data()[i] - scaled.data()[i])));
  CHECK_FALSE(verify(problem, submission_of(right(square()).run()), {}).excess);
}

TEST_CASE("what a run was given, and is handed in as it is, does not hide a mistake that takes it differently") {
  const Problem<double> problem = given_heads(2, 9);
  const Tensors ours = run_problem(problem);
  const auto verified = [&](const Problem<double>& as_theirs) {
    Tensors theirs = run_problem(as_theirs);
    for (const Step given : {Step::q, Step::k, Step::v}) theirs[given] = ours.at(given);
    return verify(problem, submission_of(theirs), {});
  };
  // Every sample attends as the first one does.
  Problem<double> first = problem;
  for (auto& [step, tensor] : first.inputs) {
    tensor = cells4(shape_of(tensor), [own = tensor](Index, Index h, Index i, Index d) { return own(0, h, i, d); });
  }
  CHECK(ids_of(verified(first).diagnosis) == "S4");
  // Position l of every sample attends to position l of the others.
  Problem<double> across = problem;
  for (auto& [step, tensor] : across.inputs) {
    tensor = cells4({9, tensor.shape(1), 2, tensor.shape(3)}, [own = tensor](Index l, Index h, Index b, Index d) { return own(b, h, l, d); });
  }
  across.sizes.batch = 9;
  across.sizes.query_len = across.sizes.key_len = 2;
  across.output_shape = {9, 4, 2, 2};
  CHECK(ids_of(verified(across).diagnosis) == "S3");
}

TEST_CASE("a run has the steps that were asked for, or all, and the inputs") {
  const Problem<double> problem = problem_of(causal());
  const Tensors all = run_problem(problem), some = run_problem(problem, {Step::scores_raw, Step::q_proj});
  CHECK(all.size() == problem.steps.size() + problem.inputs.size());
  CHECK(some.size() == 2);
  for (const auto& [step, tensor] : some) CHECK(tensor == all.at(step));
}
