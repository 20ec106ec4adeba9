#include "verify/layer_cases.hpp"
#include "verify/mistake_testing.hpp"
#include "verify/planted_padding.hpp"
#include "verify/submission.hpp"

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

TEST_CASE("M17 needs padded queries: valid lengths below the length, and self-attention") {
  CHECK(impossible(padding_mistakes(), "M17", "", square()));
  Case whole = square();
  whole.options.attention.mask.valid_lens = {5, 5};
  CHECK(impossible(padding_mistakes(), "M17", "", whole));
  Case other_source = cross();
  other_source.options.attention.mask.valid_lens = {2, 2};
  CHECK(impossible(padding_mistakes(), "M17", "", other_source));
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
}

TEST_CASE("a decoder's rows beside the padding of its memory count") {
  const Problem<double> problem = layers::problem_of(layers::decoder(NormPlacement::post));
  Tensors theirs = run_problem(problem);
  const Step output = at_place({Block::cross, LayerPart::sublayer}, Step::output);
  theirs.at(output)(1, 3, 0) = 0;  // the memory of sample 1 has three valid positions
  CHECK(verify(problem, submission_of(theirs), {}).verdict == Verdict::mismatch);
}
