#include "naive.hpp"
#include "verify/layer_cases.hpp"

#include <attn/error.hpp>
#include <attn/path_steps.hpp>
#include <attn/verify/align.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace attn;

namespace {

// B 2, H 3, Lq 4, Lk 5, D 6: no two axes alike.
const std::map<Step, Shape>& steps() {
  static const std::map<Step, Shape> shapes = {
      {Step::x, {2, 4, 18}},          {Step::q, {2, 3, 4, 6}},        {Step::k, {2, 3, 5, 6}},     {Step::scores_raw, {2, 3, 4, 5}},
      {Step::scores_scaled, {2, 3, 4, 5}}, {Step::weights, {2, 3, 4, 5}}, {Step::heads, {2, 3, 4, 6}}, {Step::output, {2, 4, 18}}};
  return shapes;
}

Submission aligned(const std::string& name, const Shape& shape, const NameMap& map = {}) {
  return align({{name, naive::numbers<double>(shape, 1)}}, steps(), map);
}

std::vector<std::string> names_of(const std::vector<Unmatched>& unmatched) {
  std::vector<std::string> names;
  for (const Unmatched& one : unmatched) names.push_back(one.name);
  return names;
}

}  // namespace

TEST_CASE("a step's own name is taken as it is") {
  const Submission s = aligned("weights", {2, 3, 4, 5});
  REQUIRE(s.alignments.size() == 1);
  CHECK(s.alignments[0].step == Step::weights);
  CHECK(s.alignments[0].how == "name");
  CHECK(s.alignments[0].axes == "");
  CHECK(s.tensors.at(Step::weights).in<double>() == naive::numbers<double>({2, 3, 4, 5}, 1));
}

TEST_CASE("the last part of a dotted or slashed name counts") {
  CHECK(aligned("encoder.0.self.weights", {2, 3, 4, 5}).tensors.count(Step::weights) == 1);
  CHECK(aligned("layer/0/q", {2, 3, 4, 6}).tensors.count(Step::q) == 1);
  CHECK(aligned("blocks.0.attn.hook_pattern", {2, 3, 4, 5}).alignments.at(0).how == "alias");
}

TEST_CASE("names that other systems use stand for their steps") {
  CHECK(aligned("attn_output_weights", {2, 3, 4, 5}).alignments.at(0).step == Step::weights);
  CHECK(aligned("energy", {2, 3, 4, 5}).alignments.at(0).step == Step::scores_raw);
  CHECK(aligned("attproj", {2, 4, 18}).alignments.at(0).step == Step::output);
  CHECK(aligned("queries", {2, 3, 4, 6}).alignments.at(0).step == Step::q);
  CHECK(aligned("hook_z", {2, 3, 4, 6}).alignments.at(0).step == Step::heads);
}

TEST_CASE("scores under another system's name are those after the mask where they were masked in place") {
  std::map<Step, Shape> shapes = steps();
  shapes[Step::scores_masked] = {2, 3, 4, 5};
  Tensor<double> scores = naive::numbers<double>({2, 3, 4, 5}, 1);
  const auto step_of = [&](const std::string& name) { return align({{name, scores}}, shapes, {}).alignments.at(0).step; };
  CHECK(step_of("scores") == Step::scores_scaled);
  for (const double fill : {-std::numeric_limits<double>::infinity(), -1e9, -1e4}) {
    scores(1, 2, 0, 4) = fill;
    CHECK(step_of("scores") == Step::scores_masked);
    CHECK(step_of("energy") == Step::scores_masked);
    CHECK(step_of("scores_scaled") == Step::scores_scaled);  // our own name is meant
    CHECK(align({{"scores", scores}}, steps(), {}).alignments.at(0).step == Step::scores_scaled);  // there is no other
    const Submission both = align({{"scores", scores}, {"scores_masked", scores}}, shapes, {});
    CHECK(both.alignments.size() == 1);
    CHECK(both.unmatched.at(0).why == Unmatched::Why::taken);
  }
}

TEST_CASE("one wrong score of four hundred does not make them those after the mask") {
  const std::map<Step, Shape> shapes = {{Step::scores_scaled, {1, 1, 20, 20}}, {Step::scores_masked, {1, 1, 20, 20}}};
  Tensor<double> scores = naive::numbers<double>({1, 1, 20, 20}, 1);
  scores(0, 0, 3, 4) = -2e4;
  CHECK(align({{"scores", scores}}, shapes, {}).alignments.at(0).step == Step::scores_scaled);
  scores(0, 0, 3, 5) = -2e4;
  CHECK(align({{"scores", scores}}, shapes, {}).alignments.at(0).step == Step::scores_masked);
}

TEST_CASE("an array without a name is not taken for a step of another shape where one has its shape") {
  ForeignTensor sheet{"alice", naive::numbers<double>({2, 3, 4, 5}, 1)};
  sheet.unnamed = Step::output;
  const Submission s = align({sheet}, steps(), {});
  CHECK(s.tensors.empty());
  CHECK(s.unmatched.at(0).why == Unmatched::Why::same_shape);
  sheet.tensor = naive::numbers<double>({7, 2}, 1);
  CHECK(align({sheet}, steps(), {}).tensors.count(Step::output) == 1);  // nothing has: the comparison says so
  sheet.tensor = naive::numbers<double>({8, 18}, 1);  // the rows of both samples, one below the other
  CHECK(align({sheet}, steps(), {}).tensors.at(Step::output).shape() == Shape{2, 4, 18});
}

TEST_CASE("a mask of truth values does not say what true means, and is left out; one of numbers may be the same for all") {
  std::map<Step, Shape> shapes = steps();
  shapes[Step::mask] = {2, 3, 4, 5};
  for (const char* name : {"mask", "attn_mask"}) {
    ForeignTensor mask{name, naive::numbers<double>({4, 5}, 1)};
    const Submission numbers = align({mask}, shapes, {});
    CHECK(numbers.tensors.at(Step::mask).shape() == Shape{2, 3, 4, 5});
    CHECK(numbers.alignments.at(0).axes == "the same for all samples or heads");
    mask.truth_values = true;
    const Submission truth = align({mask}, shapes, {});
    CHECK(truth.tensors.empty());
    CHECK(truth.unmatched.at(0).why == Unmatched::Why::truth_values);
  }
}

TEST_CASE("axes (B, L, H, D) are put in our order") {
  const Tensor<double> theirs = naive::numbers<double>({2, 4, 3, 6}, 1);
  const Submission s = align({{"hook_q", theirs}}, steps(), {});
  CHECK(s.alignments.at(0).axes == "(B, L, H, D) to (B, H, L, D)");
  const Tensor<double> q = s.tensors.at(Step::q).in<double>();
  REQUIRE(shape_of(q) == Shape{2, 3, 4, 6});
  CHECK(q(1, 2, 3, 5) == theirs(1, 3, 2, 5));
  CHECK(q(0, 1, 2, 4) == theirs(0, 2, 1, 4));
}

TEST_CASE("with as many heads as positions a name of TransformerLens decides the order of axes") {
  const std::map<Step, Shape> square = {{Step::q, {2, 3, 3, 6}}};
  const Tensor<double> theirs = naive::numbers<double>({2, 3, 3, 6}, 1);
  CHECK(align({{"hook_q", theirs}}, square, {}).tensors.at(Step::q).in<double>()(0, 1, 2, 0) == theirs(0, 2, 1, 0));
  CHECK(align({{"q", theirs}}, square, {}).tensors.at(Step::q).in<double>()(0, 1, 2, 0) == theirs(0, 1, 2, 0));
}

TEST_CASE("axes (B·H, L, D) are unfolded sample by sample") {
  const Tensor<double> theirs = naive::numbers<double>({6, 4, 6}, 1);
  const Submission s = align({{"queries", theirs}}, steps(), {});
  CHECK(s.alignments.at(0).axes == "(B·H, L, D) to (B, H, L, D)");
  CHECK(s.tensors.at(Step::q).in<double>()(1, 2, 3, 5) == theirs(1 * 3 + 2, 3, 5));
}

TEST_CASE("axes (L, B, E) are put in our order") {
  const Tensor<double> theirs = naive::numbers<double>({4, 2, 18}, 1);
  const Submission s = align({{"attn_output", theirs}}, steps(), {});
  CHECK(s.alignments.at(0).axes == "(L, B, E) to (B, L, E)");
  CHECK(s.tensors.at(Step::output).in<double>()(1, 3, 17) == theirs(3, 1, 17));
}

TEST_CASE("axes of size one may be missing or added") {
  const std::map<Step, Shape> one = {{Step::weights, {1, 1, 4, 5}}};
  const Submission s = align({{"weights", naive::numbers<double>({4, 5}, 1)}}, one, {});
  CHECK(s.tensors.at(Step::weights).shape() == Shape{1, 1, 4, 5});
  CHECK(s.alignments.at(0).axes == "axes of size 1");
}

TEST_CASE("a map goes before names") {
  const Submission s = align({{"weights", naive::numbers<double>({2, 3, 4, 5}, 1)}, {"mine", naive::numbers<double>({2, 3, 4, 5}, 2)}},
                             steps(), {{"mine", "weights"}});
  CHECK(s.tensors.at(Step::weights).in<double>() == naive::numbers<double>({2, 3, 4, 5}, 2));
  CHECK(s.alignments.at(0).how == "map");
  REQUIRE(names_of(s.unmatched) == std::vector<std::string>{"weights"});
  CHECK(s.unmatched[0].why == Unmatched::Why::taken);
  CHECK(s.unmatched[0].steps == std::vector<Step>{Step::weights});
}

TEST_CASE("a map to an unknown step, to a step this run has not, or from a missing tensor is refused") {
  CHECK_THROWS_WITH_AS(aligned("mine", {2}, {{"mine", "wieghts"}}), "--map mine=wieghts: this run has no step 'wieghts'", UsageError);
  CHECK_THROWS_WITH_AS(aligned("mine", {2}, {{"mine", "merged"}}), "--map mine=merged: this run has no step 'merged'", UsageError);
  CHECK_THROWS_WITH_AS(aligned("mine", {2}, {{"other", "q"}}), "--map other=q: the file has no tensor 'other'", UsageError);
}

TEST_CASE("two pairs of a map for one step are refused") {
  CHECK_THROWS_AS(align({{"a", naive::numbers<double>({2, 3, 4, 6}, 1)}, {"b", naive::numbers<double>({2, 3, 4, 6}, 2)}}, steps(), {{"a", "q"}, {"b", "q"}}),
                  UsageError);
}

TEST_CASE("a shape that one step and one tensor have is enough") {
  const Submission s = aligned("t0", {2, 3, 5, 6});  // only k
  REQUIRE(s.alignments.size() == 1);
  CHECK(s.alignments[0].step == Step::k);
  CHECK(s.alignments[0].how == "shape");
}

TEST_CASE("a shape of several steps, or of several tensors, decides nothing") {
  const Submission several = aligned("t0", {2, 3, 4, 5});
  REQUIRE(names_of(several.unmatched) == std::vector<std::string>{"t0"});
  CHECK(several.unmatched[0].why == Unmatched::Why::same_shape);
  CHECK(several.unmatched[0].steps == std::vector<Step>{Step::scores_raw, Step::scores_scaled, Step::weights});
  const Submission twice = align({{"a", naive::numbers<double>({2, 3, 5, 6}, 1)}, {"b", naive::numbers<double>({2, 3, 5, 6}, 2)}}, steps(), {});
  CHECK(twice.tensors.empty());
  CHECK(names_of(twice.unmatched) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a step that names have taken leaves its shape to the other") {
  const Submission s = align({{"q", naive::numbers<double>({2, 3, 4, 6}, 1)}, {"t", naive::numbers<double>({2, 3, 4, 6}, 2)}}, steps(), {});
  CHECK(s.tensors.at(Step::heads).in<double>() == naive::numbers<double>({2, 3, 4, 6}, 2));
}

TEST_CASE("a tensor named as a step keeps a shape that does not fit, for the comparison to report") {
  const Submission s = aligned("weights", {7, 2});
  CHECK(s.tensors.at(Step::weights).shape() == Shape{7, 2});
}

TEST_CASE("an alias whose shape cannot be the step's is left alone") {
  const Submission s = aligned("attention", {7, 2});
  REQUIRE(names_of(s.unmatched) == std::vector<std::string>{"attention"});
  CHECK(s.unmatched[0].why == Unmatched::Why::no_step);
  CHECK(s.unmatched[0].steps.empty());
}

TEST_CASE("empty cells move with their axes") {
  // B 2, L 4, H 3, D 6: cell [1, 2, 0, 5] is cell [1, 0, 2, 5] once heads come before positions.
  const std::size_t theirs = ((1 * 4 + 2) * 3 + 0) * 6 + 5, ours = ((1 * 3 + 0) * 4 + 2) * 6 + 5;
  const Submission submission = align({{"hook_q", naive::numbers<double>({2, 4, 3, 6}, 1), {theirs}}}, steps(), {});
  CHECK(submission.unfilled.at(Step::q) == std::vector<std::size_t>{ours});
  CHECK(aligned("q", {2, 3, 4, 6}).unfilled.empty());
}

TEST_CASE("the steps of a layer are known by their paths, and by what forward hooks on PyTorch's layers see") {
  const Problem<double> problem = layers::problem_of(layers::decoder(NormPlacement::post));
  std::map<Step, Shape> shapes;
  for (const auto& [step, tensor] : run_problem(problem)) shapes[step] = shape_of(tensor);
  const Tensor<double> rows = filled<double>({2, 4, 6}, 1), middle = filled<double>({2, 4, 9}, 1), map = filled<double>({2, 3, 4, 5}, 1);
  const Submission found = align({{"cross.weights", map}, {"layers.0.norm2", rows}, {"layers.0.norm3", rows}, {"linear1", middle}, {"self_attn", rows}, {"output", rows}}, shapes, {});
  std::vector<std::string> steps;
  for (const Alignment& a : found.alignments) steps.push_back(a.theirs + " " + std::string(name_of(a.step)));
  std::sort(steps.begin(), steps.end());
  CHECK(steps == std::vector<std::string>{"cross.weights cross.weights", "layers.0.norm2 cross.norm", "layers.0.norm3 ffn.norm", "linear1 ffn_up", "output output", "self_attn self.output"});
  CHECK(found.unmatched.empty());
}

TEST_CASE("tensors are widened exactly, up to the last step that is asked for") {
  const Submission submission = align({{"q", naive::numbers<double>({2, 3, 4, 6}, 1), {}}, {"k", naive::numbers<double>({2, 3, 5, 6}, 2), {}}}, steps(), {});
  REQUIRE(submission.tensors.size() == 2);
  CHECK(widened(submission.tensors).at(Step::k) == naive::numbers<double>({2, 3, 5, 6}, 2));
  const auto first = widened(submission.tensors, Step::q);
  CHECK(first.size() == 1);
  CHECK(first.count(Step::q) == 1);
}

TEST_CASE("an array without a name is what its file is called, if it has the shape; else what it is said to be") {
  const auto found = [](const char* file, const Shape& shape) {
    const Submission s = align({{file, naive::numbers<double>(shape, 1), {}, Step::output}}, steps(), {});
    return s.alignments.empty() ? "nothing" : std::string(name_of(s.alignments[0].step)) + " " + s.alignments[0].how;
  };
  CHECK(found("scores_scaled", {2, 3, 4, 5}) == "scores_scaled file");
  CHECK(found("attention_weights", {2, 3, 4, 5}) == "weights alias");
  CHECK(found("mine", {2, 3, 4, 5}) == "nothing");          // three steps have this shape, and none is the output
  CHECK(found("hook_pattern", {2, 3, 4, 5}) == "weights alias");
  CHECK(found("y", {2, 4, 18}) == "output default");        // the input has this shape, too
  CHECK(found("x", {2, 4, 18}) == "output default");        // what a run is given may be called anything
  CHECK(found("weights", {2, 4, 18}) == "output default");  // no weights have this shape
  CHECK(found("y", {2, 3, 4, 6}) == "nothing");             // queries or heads
  CHECK(found("y", {2, 3, 5, 6}) == "k shape");
  const Submission mapped = align({{"y", naive::numbers<double>({2, 3, 4, 5}, 1), {}, Step::output}}, steps(), {{"y", "weights"}});
  CHECK(mapped.alignments.at(0).step == Step::weights);
}

TEST_CASE("the longest end of a name that is a step counts") {
  const std::map<Step, Shape> ours = {{under_path("encoder.0.", Step::x), {2, 3}}, {under_path("encoder.", Step::x), {2, 3}}, {Step::logits, {2, 5}}};
  const auto found = [&](const std::string& name, const Shape& shape) {
    const Submission s = align({{name, filled<double>(shape, 1.0)}}, ours, {});
    return s.alignments.empty() ? std::string() : std::string(name_of(s.alignments.front().step));
  };
  CHECK(found("model.encoder.0.x", {2, 3}) == "encoder.0.x");
  CHECK(found("model/encoder.x", {2, 3}) == "encoder.x");
  CHECK(found("my.logits", {2, 5}) == "logits");
  CHECK(found("encoder.7.x", {2, 3}).empty());  // no such layer, and two steps have its shape
}
