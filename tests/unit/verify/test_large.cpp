#include "verify/given_heads.hpp"
#include "verify/planted_mask.hpp"
#include "verify/planted_scores.hpp"
#include "verify/same_in_parts.hpp"
#include "verify/submission.hpp"

#include <attn/verify/large.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace attn;
using namespace loops;

namespace {

Program scaled(double factor) {
  Program p{long_causal(), {}, {}};
  scale_by(p, factor);
  return p;
}

// Heads and output that follow from the weights, by plain loops; one sample, two query heads to a key head.
void follow_weights(Tensors& t) {
  const Index length = t.at(Step::q).shape(2);
  for (Index h = 0; h < 4; ++h) {
    for (Index i = 0; i < length; ++i) {
      for (Index d = 0; d < 2; ++d) {
        double value = 0;
        for (Index j = 0; j < length; ++j) value += t[Step::weights](0, h, i, j) * t[Step::v](0, h / 2, j, d);
        t[Step::heads](0, h, i, d) = t[Step::output](0, h, i, d) = value;
      }
    }
  }
}

// The nearest number of 8 significant bits.
double in_bfloat16(double value) {
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8);
}

}  // namespace

TEST_CASE("a right submission of a large run matches in the first pass") {
  check_same(submission_of(right(long_causal()).run()), "");
}

TEST_CASE("values of a large run beside the output alone are another basis only if they are one") {
  Tensors theirs = right(long_causal()).run();
  const auto beside_output = [&] { return submission_of({{Step::v, theirs.at(Step::v)}, {Step::output, theirs.at(Step::output)}}); };
  for (double& value : theirs[Step::v].storage()) value *= 2;
  check_same(beside_output(), "P9", long_causal());
  theirs[Step::v](1, 1, 7, 1) += 1;
  check_same(beside_output(), "", long_causal());
}

TEST_CASE("a mistake in a large run is found in a slice and confirmed on the whole") {
  check_same(submission_of(scaled(1).run()), "C2");
  check_same(only(Step::output, scaled(1).run()), "C2");
}

TEST_CASE("d_model of a slice of heads is that of all heads") {
  check_same(submission_of(scaled(1 / std::sqrt(6.0)).run()), "C1");
}

// One sample of 1.4 million numbers: its three heads are parts of their own, which have no output.
Case long_sample() {
  Case c = causal();
  c.inputs.x = naive::numbers<double>({1, 270, 6}, 11);
  return c;
}

TEST_CASE("the heads of a large sample are judged one by one, and its output when they are joined") {
  check_same(submission_of(right(long_sample()).run()), "", long_sample());
  Program p = right(long_sample());
  scale_by(p, 1);
  check_same(submission_of(p.run()), "C2", long_sample());
  check_same(only(Step::output, p.run()), "C2", long_sample());
  Program other = right(long_sample());
  other.replaced[Step::output] = [](const Program&, const Tensors& t) { return t.at(Step::merged); };
  check_same(submission_of(other.run()), "P8", long_sample());
  Tensors spoilt = right(long_sample()).run();
  spoilt[Step::output](0, 269, 5) += 0.5;
  check_same(submission_of(spoilt), "", long_sample());
}

TEST_CASE("after the first mistake of a large run is explained, the next is") {
  Program p = scaled(1);
  p.replaced[Step::mask] = [](const Program&, const Tensors& t) {
    return cells4(shape_of(t.at(Step::scores_raw)), [](Index, Index, Index i, Index j) { return j <= i + 1 ? 0.0 : -infinity; });
  };
  check_same(submission_of(p.run()), "C2 M7");
}

TEST_CASE("keys that a module appends are among the keys of a large run") {
  Case c = long_causal();
  c.options.attention.mask.causal = false;
  c.mask = [](Index, Index, Index, Index) { return 0.0; };
  Problem<double> problem = problem_of(c);
  problem.options.add_zero_attn = true;
  problem.options.attention.mask.exempt_keys = 1;
  problem.sizes.new_len += 1;
  problem.sizes.key_len += 1;
  const Tensors ours = run_problem(problem);
  CHECK(shape_of(ours.at(Step::k)) == Shape{2, 3, 111, 2});
  CHECK(verify_in_parts(problem, submission_of(ours), {}).verdict == Verdict::match);
}

TEST_CASE("a run without queries, larger than a part, has findings and no end of the program") {
  const Problem<double> problem = without_queries(2, 110000);
  Submission theirs = submission_of(run_problem(problem));
  theirs.tensors[Step::output] = StoredTensor(filled<double>({1, 2}, 0.5));
  const Verification found = verify(problem, theirs, {});
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(*found.first_divergent_step == Step::output);
}

TEST_CASE("dropout that should be off is found in the output of a large module alone") {
  const Case c = long_sample();
  const Problem<double> problem = problem_of(c);
  MistakenRun run(problem, {mistakes_of("W4").front()});
  CHECK(ids_of(verify(problem, only(Step::output, {{Step::output, run.get(Step::output)}}), {}).diagnosis) == "W4");
}

TEST_CASE("a softmax over the samples is told on some queries of all samples") {
  Program p = right(long_causal());
  p.replaced[Step::weights] = [](const Program&, const Tensors& t) {
    const Array& s = t.at(Step::scores_masked);
    return cells4(shape_of(s), [&](Index b, Index h, Index i, Index j) {
      return j <= i ? std::exp(s(b, h, i, j)) / (std::exp(s(0, h, i, j)) + std::exp(s(1, h, i, j))) : 0.0;
    });
  };
  check_same(submission_of(p.run()), "W1");
}

TEST_CASE("attention over the samples gives another shape, and is named in a large run") {
  Program p = right(long_causal());
  for (const Step step : {Step::q, Step::k, Step::v}) {
    p.replaced[step] = [step](const Program& s, const Tensors& t) {
      const Array own = s.right(step, t);
      return cells4({110, 3, 2, 2}, [&](Index l, Index h, Index b, Index d) { return own(b, h, l, d); });
    };
  }
  p.replaced[Step::merged] = [](const Program&, const Tensors& t) {
    return cells3({2, 110, 6}, [&](Index b, Index l, Index c) { return t.at(Step::heads)(l, c / 2, b, c % 2); });
  };
  check_same(submission_of(p.run()), "S3");
}

TEST_CASE("a mistake that mixes samples ties with one that a slice tells") {
  // The first sample sees all keys: its mask for all samples is no mask.
  Case c = long_causal();
  c.options.attention.mask.causal = false;
  c.options.attention.mask.valid_lens = {110, 40};
  Program p = right(c);
  p.replaced[Step::mask] = [](const Program&, const Tensors& t) { return filled<double>(shape_of(t.at(Step::scores_raw)), 0.0); };
  const Verification found = verify_in_parts(problem_of(c), submission_of(p.run()), {});
  CHECK(names(found.diagnosis, "M15"));
  CHECK(names(found.diagnosis, "S4"));
}

TEST_CASE("what fits anything is tried where nothing definite that fits a slice fits the whole") {
  // In the first sample a softmax of all its rows gives NaN where no key is visible; the second has visible keys.
  Problem<double> problem = given_heads(2, 120);
  problem.options.attention.mask.causal = false;
  problem.options.attention.mask.valid_lens = {120, 7};
  Tensors theirs = run_problem(problem);
  for (double& value : theirs[Step::output].storage()) value = std::nan("");
  CHECK(ids_of(verify(problem, only(Step::output, theirs), {}).diagnosis) == "T3");
}

TEST_CASE("a convention in a large run is reported as one") {
  Program p{long_causal(), {}, {}};
  masked_by(p, [](double score, bool forbidden) { return forbidden ? -1e9 : score; });
  check_same(submission_of(p.run()), "M9");
}

TEST_CASE("what a slice explains and the whole does not is not carried over") {
  Tensors theirs = scaled(1).run();
  theirs[Step::output](0, 3, 2) += 1;  // a second error, which C2 does not give
  const Verification v = verify(problem_of(long_causal()), submission_of(theirs), {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(names(v.diagnosis, "C2"));
}

TEST_CASE("one wrong cell of a large run is found where it is") {
  Tensors theirs = right(long_causal()).run();
  theirs[Step::weights](1, 2, 100, 7) += 0.25;
  const Verification v = verify(problem_of(long_causal()), submission_of(theirs), {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::weights);
  CHECK(v.diagnosis.empty());
}

TEST_CASE("nothing compared is no success in a large run either") {
  Submission theirs;
  theirs.tensors[Step::x] = long_causal().inputs.x;
  CHECK(verify(problem_of(long_causal()), theirs, {}).verdict == Verdict::incomparable);
}

TEST_CASE("a run is large by the numbers in all its steps") {
  CHECK_FALSE(is_large(problem_of(causal())));
  CHECK(is_large(problem_of(long_causal())));
}

// 2.2 million numbers, in parts of some queries of one key head each.
TEST_CASE("what nothing explains in a very large run is wrong all the same, and said where") {
  const Problem<double> problem = given_heads(1, 330);
  Tensors theirs = run_problem(problem);
  for (Index j = 0; j < 40; ++j) theirs[Step::weights](0, 3, 200, j) *= j % 2 == 0 ? 1.01 : 0.98;
  const Verification found = verify(problem, submission_of(theirs), {});
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(found.diagnosis.empty());
  REQUIRE(found.first_divergent_step);
  CHECK(*found.first_divergent_step == Step::weights);
  for (const StepVerdict& step : found.steps) {
    const bool after = step.step == Step::heads || step.step == Step::output;
    if (step.step == Step::weights) CHECK(step.local == Local::mismatch);
    if (step.step == Step::weights) CHECK(step.difference.mismatched == 40);
    if (after) CHECK(step.difference.status == Status::match);  // they are ours
  }
  CHECK_FALSE(found.pairs_left_out);  // of two mistakes with the weights one hides the other
  REQUIRE(found.excess);
}

TEST_CASE("where many mistakes may stand behind one tensor of a very large run, pairs are left out, and that is said") {
  const Problem<double> problem = given_heads(1, 330);
  const Verification found = verify(problem, submission_of({{Step::output, naive::numbers<double>({1, 4, 330, 2}, 77)}}), {});
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(found.diagnosis.empty());
  CHECK(found.pairs_left_out);
}

TEST_CASE("a mistake in one head of a very large run is not said of all") {
  const Problem<double> problem = given_heads(1, 330);
  Tensors theirs = run_problem(problem);
  for (Index i = 0; i < 330; ++i) {
    for (Index h = 2; h < 4; ++h) {
      double sum = 0;
      for (Index j = 0; j <= i; ++j) sum += std::exp(theirs[Step::scores_raw](0, h, i, j));
      for (Index j = 0; j < 330; ++j) {
        const double score = theirs[Step::scores_raw](0, h, i, j);
        theirs[Step::scores_scaled](0, h, i, j) = score;
        theirs[Step::scores_masked](0, h, i, j) = j <= i ? score : -infinity;
        theirs[Step::weights](0, h, i, j) = j <= i ? std::exp(score) / sum : 0;
      }
    }
  }
  follow_weights(theirs);
  const Verification found = verify(problem, submission_of(theirs), {});
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(*found.first_divergent_step == Step::scores_scaled);
  CHECK_FALSE(names(found.diagnosis, "C2"));
}

TEST_CASE("NaN on both sides, or a narrower tolerance than rounding, is no mistake of the table in a very large run") {
  Problem<double> problem = given_heads(1, 330);
  const auto ids = [&](const Submission& theirs, const VerifyOptions& options) { return ids_of(verify(problem, theirs, options).diagnosis); };
  VerifyOptions narrow;
  narrow.tolerance = Tolerance{0, 1e-12, false};
  CHECK(ids(only(Step::weights, run_problem(problem)), narrow) == "T1");
  problem.options.attention.mask.valid_lens = {330};
  problem.options.attention.mask.given = filled<double>({330, 330}, 0.0);
  for (Index j = 0; j < 330; ++j) (*problem.options.attention.mask.given)(0, j) = -infinity;
  problem.options.attention.masked_rows = MaskedRows::nan;
  CHECK(ids(submission_of(run_problem(problem)), {}) == "T3");
}

TEST_CASE("a softmax over heads is found in a very large run, whose parts have one key head") {
  const Problem<double> problem = given_heads(1, 330);
  Tensors theirs = run_problem(problem);
  for (Index i = 0; i < 330; ++i) {
    for (Index j = 0; j < 330; ++j) {
      double sum = 0;
      for (Index h = 0; h < 4; ++h) sum += j <= i ? std::exp(theirs[Step::scores_masked](0, h, i, j)) : 0;
      for (Index h = 0; h < 4; ++h) theirs[Step::weights](0, h, i, j) = j <= i ? std::exp(theirs[Step::scores_masked](0, h, i, j)) / sum : 0;
    }
  }
  follow_weights(theirs);
  const Verification found = verify(problem, submission_of(theirs), {});
  REQUIRE(found.diagnosis.size() == 1);
  CHECK(found.diagnosis.front().id == "W2");
  CHECK(found.diagnosis.front().explains);
}

TEST_CASE("scores of few digits are told in every part of a very large run") {
  const Problem<double> problem = given_heads(1, 330);
  Tensors theirs = run_problem(problem);
  for (double& score : theirs[Step::scores_scaled].storage()) score = in_bfloat16(score);
  for (Index h = 0; h < 4; ++h) {
    for (Index i = 0; i < 330; ++i) {
      double sum = 0;
      for (Index j = 0; j <= i; ++j) sum += std::exp(theirs[Step::scores_scaled](0, h, i, j));
      for (Index j = 0; j < 330; ++j) {
        theirs[Step::scores_masked](0, h, i, j) = j <= i ? theirs[Step::scores_scaled](0, h, i, j) : -infinity;
        theirs[Step::weights](0, h, i, j) = j <= i ? std::exp(theirs[Step::scores_scaled](0, h, i, j)) / sum : 0;
      }
    }
  }
  follow_weights(theirs);
  const Verification found = verify(problem, submission_of(theirs), {});
  CHECK(*found.first_divergent_step == Step::scores_scaled);
  REQUIRE(found.diagnosis.size() == 1);
  CHECK(found.diagnosis.front().id == "T2");
  CHECK(found.diagnosis.front().variant == "bfloat16");
}

TEST_CASE("a softmax in half precision is named in a very large run saved in float32, though single cells fall on another digit") {
  const Problem<double> problem = given_heads(2, 120);
  const auto half = [](double value) {  // eleven significant bits
    int exponent = 0;
    const double mantissa = std::frexp(value, &exponent);
    return std::ldexp(std::nearbyint(std::ldexp(mantissa, 11)), exponent - 11);
  };
  Tensors theirs = run_problem(problem);
  const Tensor<double>& scores = theirs.at(Step::scores_masked);
  Tensor<double>& weights = theirs.at(Step::weights);
  for (std::size_t row = 0; row < weights.size() / 120; ++row) {
    double sum = 0;
    for (std::size_t j = 0; j < 120; ++j) sum += std::exp(half(scores.data()[row * 120 + j]));
    for (std::size_t j = 0; j < 120; ++j) weights.data()[row * 120 + j] = half(std::exp(half(scores.data()[row * 120 + j])) / sum);
  }
  theirs.erase(theirs.upper_bound(Step::weights), theirs.end());
  const Verification found = verify_in_parts(problem, submission_of(theirs), {});
  CHECK(found.first_divergent_step == Step::weights);
  CHECK(ids_of(found.diagnosis) == "W6 T2");
}

TEST_CASE("another shape in a very large run is wrong, and no walk over everything is taken for it") {
  const Problem<double> problem = given_heads(1, 330);
  Submission theirs = submission_of(run_problem(problem));
  theirs.tensors[Step::scores_raw] = StoredTensor(filled<double>({1, 2, 330, 330}, 0.5));
  const Verification found = verify(problem, theirs, {});
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(*found.first_divergent_step == Step::scores_raw);
  CHECK(found.diagnosis.empty());
}
