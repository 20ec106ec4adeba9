#include "ops/transformer_testing.hpp"
#include "verify/submission.hpp"

#include <attn/path_steps.hpp>
#include <attn/trace.hpp>
#include <attn/verify/layer_problem.hpp>
#include <attn/verify/model_walk.hpp>

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>

using namespace attn;
using loops::ids_of;
using loops::submission_of;
using loops::Tensors;

namespace {

// A run of both stacks over two sequences, the second shorter.
struct Translated {
  TransformerWeights<double> weights = small_transformer(true);
  TokenBatch source = token_batch({{1, 2, 3, 4}, {5, 6}}), target = token_batch({{1, 2, 0}, {1, 3, 5}});
  StackOptions<double> encoder, decoder;
  TransformerSteps<double> steps;

  explicit Translated(NormPlacement placement = NormPlacement::post)
      : encoder(with_padding_mask(small_options(placement), source)), decoder(with_target_masks(small_options(placement), &source)) {
    run();
  }
  void run() {
    steps.encoder = run_stack<double>(source, std::nullopt, {}, *weights.encoder, encoder);
    steps.decoder = run_stack<double>(target, steps.encoder->output(), {}, *weights.decoder, decoder);
    steps.logits = linear(steps.decoder->output(), weights.w_out, weights.b_out, "logits");
  }
  ModelRun as_run() const { return {weights, steps, encoder, decoder}; }
  Tensors tensors() const { return tensors_of(as_run()); }
};

Verification judged(const Translated& ours, const Tensors& theirs, const VerifyOptions& options = {}) { return verify_model(ours.as_run(), submission_of(theirs), options); }

std::string first_of(const Verification& found) { return found.first_divergent_step ? std::string(name_of(*found.first_divergent_step)) : ""; }

const StepVerdict& on(const Verification& found, const std::string& name) {
  for (const StepVerdict& verdict : found.steps) {
    if (name_of(verdict.step) == name) return verdict;
  }
  throw std::out_of_range(name);
}

std::set<std::string> diverging(const Verification& found) {
  std::set<std::string> names;
  for (const StepVerdict& verdict : found.steps) {
    if (verdict.diverges()) names.emplace(name_of(verdict.step));
  }
  return names;
}

}  // namespace

TEST_CASE("a model has the steps of its trace, under their names") {
  const Translated run;
  Trace trace;
  append_to(trace, run.steps);
  std::set<std::string> traced, own;
  for (const TraceEntry& entry : trace.entries) traced.insert(entry.name);
  for (const auto& [step, tensor] : run.tensors()) own.emplace(name_of(step));
  CHECK(own == traced);
  for (const auto& [step, shape] : shapes_of(run.as_run())) CHECK(shape == shape_of(run.tensors().at(step)));
}

TEST_CASE("a right model saved in float32 matches, step by step") {
  for (const NormPlacement placement : {NormPlacement::pre, NormPlacement::post}) {
    const Translated run(placement);
    const Verification found = judged(run, run.tensors());
    CHECK(found.verdict == Verdict::match);
    CHECK(found.steps.size() == run.tensors().size());
    for (const StepVerdict& verdict : found.steps) {
      CAPTURE(std::string(name_of(verdict.step)));
      CHECK(verdict.difference.status == Status::match);
      CHECK(verdict.local == Local::match);
    }
    CHECK_FALSE(found.blind_spots.empty());  // there is no window
  }
}

TEST_CASE("a mistake of one stack is named once, found in each of its layers, and in no other") {
  const Translated ours;
  Translated theirs;
  theirs.decoder.layer.self.attention.scale = 1;
  theirs.run();
  const Verification found = judged(ours, theirs.tensors());
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(first_of(found) == "decoder.0.self.scores_scaled");
  CHECK(ids_of(found.diagnosis) == "C2");
  REQUIRE(found.excess);
  std::set<std::string> expected;
  for (std::size_t i = 0; i < ours.steps.decoder->layers.size(); ++i) expected.insert("decoder." + std::to_string(i) + ".self.scores_scaled");
  CHECK(diverging(found) == expected);
  CHECK(on(found, "encoder.output").difference.status == Status::match);
  CHECK(on(found, "logits").difference.status == Status::mismatch);
  CHECK(on(found, "logits").local == Local::match);
}

TEST_CASE("what comes of a wrong layer is a consequence, whether or not its result was handed in") {
  const Translated ours;
  Translated theirs;
  theirs.weights.encoder->layers.front().ffn.maps.w_2 = *theirs.weights.encoder->layers.front().ffn.maps.w_2 * 1.5;
  theirs.run();
  Tensors tensors = theirs.tensors();
  CHECK(diverging(judged(ours, tensors)) == std::set<std::string>{"encoder.0.ffn_output"});
  for (const char* step : {"encoder.0.output", "encoder.1.x"}) {
    for (auto each = tensors.begin(); each != tensors.end();) each = name_of(each->first) == step ? tensors.erase(each) : std::next(each);
  }
  const Verification found = judged(ours, tensors);
  CHECK(diverging(found) == std::set<std::string>{"encoder.0.ffn_output"});
  CHECK(on(found, "decoder.output").difference.status == Status::mismatch);
}

TEST_CASE("the steps around the layers are judged by themselves, too") {
  const Translated ours;
  const auto wrong = [&](const char* name) {
    Tensors tensors = ours.tensors();
    for (auto& [step, tensor] : tensors) {
      if (name_of(step) == name) tensor.data()[1] += 0.01;
    }
    return tensors;
  };
  for (const char* name : {"encoder.token_embedding", "encoder.position_embedding", "decoder.x", "decoder.output", "logits"}) {
    CAPTURE(std::string(name));
    CHECK(first_of(judged(ours, wrong(name))) == name);
  }
  VerifyOptions wide;
  wide.tolerance = Tolerance{0, 0.1, false};
  CHECK(judged(ours, wrong("logits"), wide).verdict == Verdict::match);
}

TEST_CASE("another shape is said where it is, and not computed with") {
  const Translated ours;
  Tensors tensors = ours.tensors();
  for (auto& [step, tensor] : tensors) {
    if (name_of(step) == "encoder.0.output") tensor = filled<double>({2, 3}, 0.0);
  }
  const Verification found = judged(ours, tensors);
  CHECK(first_of(found) == "encoder.0.output");
  CHECK(diverging(found) == std::set<std::string>{"encoder.0.output"});
}

TEST_CASE("with nothing to compare there is no verdict, and a step outside of the layers has no layer") {
  const Translated ours;
  CHECK(judged(ours, {}).verdict == Verdict::incomparable);
  CHECK_THROWS_AS(problem_of_layer(ours.as_run(), Step::logits), std::out_of_range);
  CHECK(problem_of_layer(ours.as_run(), under_path("decoder.0.", Step::x)).has(Step::memory));
}

namespace {

// Zeros in positions 2 and 3 of the second sequence, which has two tokens: in every tensor of the encoder with such rows.
void leave_zeros_in_padding(Tensors& tensors) {
  for (auto& [step, tensor] : tensors) {
    const std::string name(name_of(step));
    const std::size_t rank = tensor.dimension();
    if (name.rfind("encoder.", 0) != 0 || rank < 3 || tensor.shape(rank - 2) != 4 || without_path(step) == at_place({Block::self, LayerPart::sublayer}, Step::mask)) continue;
    const std::size_t width = tensor.shape().back();
    for (std::size_t cell = tensor.size() / 2; cell < tensor.size(); ++cell) {
      if (cell / width % 4 >= 2) tensor.data()[cell] = 0;
    }
  }
}

}  // namespace

TEST_CASE("a model that leaves zeros in rows of padding, step after step, matches") {
  for (const NormPlacement placement : {NormPlacement::pre, NormPlacement::post}) {
    const Translated ours(placement);
    Translated theirs(placement);
    Tensors tensors = theirs.tensors();
    leave_zeros_in_padding(tensors);
    // Its decoder reads the zeros.
    theirs.steps.decoder = run_stack<double>(theirs.target, tensors.at(under_path("encoder.", Step::output)), {}, *theirs.weights.decoder, theirs.decoder);
    for (const auto& [step, tensor] : theirs.tensors()) {
      if (name_of(step).substr(0, 8) == "decoder.") tensors[step] = tensor;
    }
    const Verification found = judged(ours, tensors);
    CHECK(found.verdict == Verdict::match);
    CHECK(ids_of(found.diagnosis) == "M17");
    for (const char* outside : {"encoder.x", "encoder.token_embedding", "encoder.output"}) {
      CHECK(on(found, outside).difference.status == Status::mismatch);
      CHECK_FALSE(on(found, outside).diverges());
      Tensors wrong = tensors;
      for (auto& [step, tensor] : wrong) {
        if (name_of(step) == outside) tensor.data()[0] += 0.5;  // a row that counts
      }
      CHECK(first_of(judged(ours, wrong)) == outside);
    }
  }
}
