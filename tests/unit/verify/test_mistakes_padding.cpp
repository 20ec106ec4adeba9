#include "verify/layer_cases.hpp"
#include "verify/mistake_testing.hpp"
#include "verify/planted_heads.hpp"
#include "verify/planted_padding.hpp"
#include "verify/planted_projections.hpp"
#include "verify/planted_scores.hpp"
#include "verify/planted_softmax.hpp"
#include "verify/submission.hpp"

#include <attn/verify/padding.hpp>

#include <algorithm>
#include <cmath>

using namespace attn;
using namespace loops;

namespace {

// An encoder layer over two sequences of four positions, the second with two tokens.
layers::Case padded_layer() {
  layers::Case c = layers::decoder(NormPlacement::post);
  c.weights.cross.reset();
  c.inputs.memory.reset();
  c.options.self.attention.mask.causal = false;
  c.options.self.attention.mask.valid_lens = {4, 2};
  return c;
}

// Zeros in positions 2 and 3 of sample 1, in every step of the layer that has rows of positions.
Tensors with_zeros(Tensors tensors) {
  for (auto& [step, tensor] : tensors) {
    const std::size_t rank = tensor.dimension(), width = tensor.shape().back(), length = tensor.shape(rank - 2);
    const bool computed = place_of(step) || step == layer_output();
    if (!computed || base_of(step) == Step::mask || length != 4) continue;
    for (std::size_t cell = tensor.size() / 2; cell < tensor.size(); ++cell) {
      if (cell / width % length >= 2) tensor.data()[cell] = 0;
    }
  }
  return tensors;
}

}  // namespace

TEST_CASE("M17 is what programs hand in that leave zeros in rows of padding") { check_rows_compute(padding_mistakes(), planted_padding(), true); }

TEST_CASE("M17 needs padding: valid lengths below the length, of queries that attend to themselves") {
  CHECK(impossible(padding_mistakes(), "M17", "", square()));
  Case whole = square();
  whole.options.attention.mask.valid_lens = {5, 5};
  CHECK(impossible(padding_mistakes(), "M17", "", whole));
  Case other_source = cross();
  other_source.options.attention.mask.valid_lens = {2, 2};
  const Problem<double> problem = problem_of(other_source);
  const Tensor<double> output = run_problem(problem).at(Step::output);
  CHECK_FALSE(with_padding_of(problem, Step::output, output, nullptr));  // nothing is known of its queries
}

TEST_CASE("in a layer, zeros in rows of padding after every step are no mistake") {
  const Problem<double> problem = layers::problem_of(padded_layer());
  const Verification found = verify(problem, submission_of(with_zeros(run_problem(problem))), {});
  CHECK(found.verdict == Verdict::match);
  CHECK(ids_of(found.diagnosis) == "M17");
}

TEST_CASE("a row that counts is no padding, wherever in a layer it differs") {
  const Problem<double> problem = layers::problem_of(padded_layer());
  for (const auto& [step, tensor] : run_problem(problem)) {
    if (problem.inputs.count(step) > 0 || base_of(step) == Step::mask) continue;
    Tensors theirs = with_zeros(run_problem(problem));
    theirs.at(step).data()[0] += 0.5;  // position 0 of sample 0
    CAPTURE(std::string(name_of(step)));
    const Verification found = verify(problem, submission_of(theirs), {});
    CHECK(found.verdict == Verdict::mismatch);
    REQUIRE(found.first_divergent_step);
    CHECK(std::string(name_of(*found.first_divergent_step)) == std::string(name_of(step)));
  }
}

TEST_CASE("a mistake is found behind rows of padding that differ at every step") {
  Program p{padded(), {}, {}};
  p.replaced[Step::scores_scaled] = [](const Program&, const Tensors& t) {
    return cells4({2, 3, 5, 5}, [&](Index b, Index h, Index i, Index j) { return t.at(Step::scores_raw)(b, h, i, j); });
  };
  for (const Step step : {Step::q_proj, Step::k_proj, Step::heads, Step::output}) export_zeros(p, step);
  const Verification found = verify(problem_of(padded()), submission_of(p.run()), {});
  CHECK(found.verdict == Verdict::mismatch);
  REQUIRE(found.first_divergent_step);
  CHECK(*found.first_divergent_step == Step::scores_scaled);
  CHECK(names(found.diagnosis, "C2"));
  CHECK(names(found.diagnosis, "M17"));
}

TEST_CASE("what leaks from padded values through a fill that is too weak is no padding") {
  Case weak = padded();
  weak.options.attention.mask_fill = -10;
  const Problem<double> problem = problem_of(weak);
  Tensors theirs = run_problem(problem);
  theirs.at(Step::v) = with_zeros_in_padding(theirs.at(Step::v), false);
  Evaluator<double> run(problem);  // a program that computes with the zeros
  run.know(Step::v, theirs.at(Step::v));
  for (const Step step : problem.steps) {
    if (step > Step::v) theirs.at(step) = run.get(step);
  }
  CHECK(verify(problem, submission_of(theirs), {}).verdict == Verdict::mismatch);
  theirs.at(Step::output) = with_zeros_in_padding(theirs.at(Step::output), false);
  CHECK(verify(problem, submission_of(theirs), {}).verdict == Verdict::mismatch);
}

TEST_CASE("padding as large as it pleases hides nothing that counts") {
  const Problem<double> problem = problem_of(padded());
  for (const double filler : {1e3, 9e4, 1e12, std::nan("")}) {
    for (const Step step : {Step::q_proj, Step::k, Step::scores_raw, Step::weights, Step::heads, Step::output}) {
      Tensors theirs = run_problem(problem);
      Tensor<double>& tensor = theirs.at(step);
      const Tensor<double> full = filled<double>(shape_of(tensor), filler);
      tensor = *with_padding_of(problem, step, tensor, &full);
      CAPTURE(filler);
      CAPTURE(std::string(name_of(step)));
      CHECK(verify(problem, submission_of(theirs), {}).verdict == Verdict::match);
      tensor.data()[0] += 1e-3;  // position 0 of sample 0
      const Verification found = verify(problem, submission_of(theirs), {});
      CHECK(found.verdict == Verdict::mismatch);
      CHECK(found.first_divergent_step == step);
      CHECK(verify(problem, only(step, theirs), {}).verdict == Verdict::mismatch);
    }
  }
}

TEST_CASE("what NaN in padding makes of numbers that count is wrong, though later padding differs, too") {
  const Problem<double> problem = problem_of(padded());
  Tensors theirs = run_problem(problem);
  const Tensor<double> full = filled<double>(shape_of(theirs.at(Step::v)), std::nan(""));
  theirs.at(Step::v) = *with_padding_of(problem, Step::v, theirs.at(Step::v), &full);
  for (const Step step : {Step::heads, Step::merged, Step::output}) std::fill_n(theirs.at(step).data(), theirs.at(step).size() / 2, std::nan(""));
  theirs.at(Step::output) = with_zeros_in_padding(theirs.at(Step::output), false);
  const Verification found = verify(problem, submission_of(theirs), {});
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(found.first_divergent_step == Step::heads);
}

TEST_CASE("a mask that forbids everything to queries of padding is right, unless it forgets the keys") {
  for (const bool keys_too : {true, false}) {
    Program p{padded(), {}, {}};
    p.given.mask = [keys_too](Index b, Index, Index i, Index j) { return i < 3 + b && (j < 3 + b || !keys_too) ? 0.0 : -infinity; };
    const Problem<double> problem = problem_of(padded());
    export_zeros(p, Step::q_proj);
    export_zeros(p, Step::weights);  // 0/0 in rows of padding
    export_zeros(p, Step::heads);
    export_zeros(p, Step::merged);
    export_zeros(p, Step::output);
    const Verification found = verify(problem, submission_of(p.run()), {});
    CAPTURE(ids_of(found.diagnosis));
    CHECK(found.verdict == (keys_too ? Verdict::match : Verdict::mismatch));
    CHECK(names(found.diagnosis, "M2") == !keys_too);
  }
}

TEST_CASE("output that is zero or NaN at padding is no mistake of a mask that nobody showed") {
  Case c = padded();  // a causal rule hides the padding from all that counts
  c.options.attention.mask.causal = true;
  c.weights.b_o.reset();
  const Problem<double> problem = problem_of(c);
  for (const double filler : {0.0, std::nan("")}) {
    Tensors theirs = run_problem(problem);
    for (const Step step : {Step::weights, Step::heads, Step::merged, Step::output}) {
      const Tensor<double> full = filled<double>(shape_of(theirs.at(step)), filler);
      theirs.at(step) = *with_padding_of(problem, step, theirs.at(step), &full);
    }
    const auto judged = [&](Submission submission) {
      const Verification found = verify(problem, submission, {});
      return std::string(to_string(found.verdict)) + " " + ids_of(found.diagnosis);
    };
    CHECK(judged(only(Step::output, theirs)) == "match M17");
    CHECK(judged(submission_of({{Step::weights, theirs.at(Step::weights)}, {Step::output, theirs.at(Step::output)}})) == "match M17");
    CHECK(judged(submission_of(theirs)) == "match M17");
  }
}

TEST_CASE("a convention with a wrong result is none, whatever hidden keys hold") {
  for (const double filler : {0.0, 1.0, std::nan("")}) {
    Program unscaled{padded(), {}, {}};
    scale_by(unscaled, 1);
    const Problem<double> problem = problem_of(padded());
    Tensors theirs = unscaled.run();
    for (const Step step : {Step::scores_raw, Step::scores_scaled}) {
      Tensor<double>& scores = theirs.at(step);
      for (Index cell = 0; cell < scores.size(); ++cell) {
        if (!counts(cell / (scores.size() / 2), cell % 5)) scores.data()[cell] = filler;
      }
    }
    const Verification found = verify(problem, submission_of(theirs), {});
    CHECK(found.verdict == Verdict::mismatch);
    CHECK(found.first_divergent_step == Step::scores_scaled);
    CHECK(ids_of(found.diagnosis) == "M17 C2");
  }
}

TEST_CASE("NaN on both sides where it counts is not excused by padding that differs") {
  Case c = padded();
  c.options.attention.masked_rows = MaskedRows::nan;
  c.options.attention.mask.given = cells4({1, 1, 5, 5}, [](Index, Index, Index i, Index) { return i == 1 ? -infinity : 0.0; });
  const Problem<double> problem = problem_of(c);
  Tensors theirs = run_problem(problem);
  theirs.at(Step::weights) = with_zeros_in_padding(theirs.at(Step::weights), false);
  const Verification found = verify(problem, only(Step::weights, theirs), {});
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(ids_of(found.diagnosis) == "T3");
  VerifyOptions equal_nan;
  equal_nan.equal_nan = true;
  CHECK(ids_of(verify(problem, only(Step::weights, theirs), equal_nan).diagnosis) == "M17");
}

TEST_CASE("keys of padding count where no rule hides them altogether") {
  Case weak = padded();
  weak.options.attention.mask_fill = -1;
  Case uniform = padded();
  uniform.options.attention.masked_rows = MaskedRows::uniform;
  for (const Case& c : {weak, uniform}) {
    const Problem<double> problem = problem_of(c);
    Tensors theirs = run_problem(problem);
    theirs.at(Step::v) = with_zeros_in_padding(theirs.at(Step::v), false);
    CHECK(verify(problem, only(Step::v, theirs), {}).verdict == Verdict::mismatch);
  }
}

TEST_CASE("keys of padding in cross-attention, in a cache, and before keys that a module appends") {
  const Problem<double> layer = layers::problem_of(layers::decoder(NormPlacement::post));  // the memory of sample 1 has three
  Tensors theirs = run_problem(layer);
  for (const Step kind : {Step::k_proj, Step::k, Step::v_proj, Step::v}) {
    Tensor<double>& keys = theirs.at(at_place({Block::cross, LayerPart::sublayer}, kind));
    for (std::size_t cell = keys.size() / 2; cell < keys.size(); ++cell) {
      if (cell / keys.shape().back() % 5 >= 3) keys.data()[cell] = 0;
    }
  }
  const Verification found = verify(layer, submission_of(theirs), {});
  CHECK(found.verdict == Verdict::match);
  CHECK(ids_of(found.diagnosis) == "M17");

  Case appended = padded();
  appended.weights.bias_k = naive::numbers<double>({6}, 21);
  appended.weights.bias_v = naive::numbers<double>({6}, 22);
  const Problem<double> module = problem_of(appended);
  Tensors zeros = run_problem(module);
  zeros.at(Step::k)(0, 1, 4, 0) = 0;  // position 4 of sample 0 is padding
  CHECK(verify(module, submission_of(zeros), {}).verdict == Verdict::match);
  zeros.at(Step::k)(0, 1, 5, 0) = 0;  // position 5 is the appended key
  CHECK(verify(module, submission_of(zeros), {}).verdict == Verdict::mismatch);
}

TEST_CASE("a decoder's rows beside the padding of its memory count") {
  const Problem<double> problem = layers::problem_of(layers::decoder(NormPlacement::post));
  Tensors theirs = run_problem(problem);
  const Step output = at_place({Block::cross, LayerPart::sublayer}, Step::output);
  theirs.at(output)(1, 3, 0) = 0;  // the memory of sample 1 has three valid positions
  CHECK(verify(problem, submission_of(theirs), {}).verdict == Verdict::mismatch);
}

TEST_CASE("a mistake is named behind padding that a program makes zero after every step") {
  auto all = planted_scores();
  for (auto* of : {planted_projections, planted_heads, planted_softmax}) {
    for (Planted& mistake : of()) all.push_back(std::move(mistake));
  }
  std::size_t tried = 0;
  for (const Planted& mistake : all) {
    if (mistake.made_in != square || mistake.id == "W4" || mistake.id == "W5" || mistake.id == "S3") continue;  // W4 and W5 are read off cells that are zero; S3 moves rows elsewhere
    Program p{padded(), {}, {}};
    mistake.plant(p);
    if (!p.exported.empty()) continue;
    const Problem<double> problem = problem_of(padded());
    const auto before = verify(problem, submission_of(p.run()), {});
    if (!names(before.diagnosis, mistake.id)) continue;  // it needs other inputs
    for (const Step step : problem.steps) {
      if (step != Step::mask) export_zeros(p, step);
    }
    const auto found = verify(problem, submission_of(p.run()), {});
    CAPTURE(mistake.id);
    CAPTURE(mistake.variant);
    CAPTURE(ids_of(found.diagnosis));
    CHECK(found.verdict == before.verdict);
    CHECK(names(found.diagnosis, mistake.id));
    if (found.first_divergent_step) CHECK(std::string(name_of(*found.first_divergent_step)) == std::string(name_of(mistake.first)));
    ++tried;
  }
  CHECK(tried >= 20);
}
