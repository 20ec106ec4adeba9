#include <attn/path_steps.hpp>
#include <attn/verify/excess.hpp>
#include <attn/verify/layer_problem.hpp>
#include <attn/verify/model_walk.hpp>
#include <attn/verify/padding.hpp>
#include <attn/verify/precision.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace attn {
namespace {

using S = Step;
using Found = std::function<void(Step, const Tensor<double>&)>;

void visit_embedding(const EmbeddingSteps<double>& steps, const Found& found) {
  found(S::token_embedding, steps.token_embedding);
  if (steps.position_embedding) found(S::position_embedding, *steps.position_embedding);
  if (steps.segment_embedding) found(S::segment_embedding, *steps.segment_embedding);
  found(S::x, steps.x);
}

void visit_stack(Stack stack, const StackSteps<double>& steps, const Found& found) {
  const auto under = [&](const std::string& path) { return [&found, path](Step step, const Tensor<double>& tensor) { found(under_path(path, step), tensor); }; };
  const std::string path = path_of_stack(stack);
  visit_embedding(steps.embedding, under(path));
  if (steps.embedding.norm) visit(*steps.embedding.norm, under(path_of_embedding_norm(path)));
  for (std::size_t i = 0; i < steps.layers.size(); ++i) visit_layer(steps.layers[i], under(path_of_layer(path, i)));
  if (steps.final_norm) visit(*steps.final_norm, under(path_of_final_norm(path)));
  under(path)(S::output, steps.output());
}

void visit_model(const TransformerSteps<double>& steps, const Found& found) {
  if (steps.encoder) visit_stack(Stack::encoder, *steps.encoder, found);
  if (steps.decoder) visit_stack(Stack::decoder, *steps.decoder, found);
  if (steps.logits) found(S::logits, *steps.logits);
}

// A layer of a run, with what it was computed with.
struct LayerOfRun {
  const LayerSteps<double>& steps;
  const LayerWeights<double>& weights;
  const LayerOptions<double>& options;
};

std::optional<LayerOfRun> layer_of(const ModelRun& run, Step step) {
  const auto in_stack = [&](Stack stack, const auto& steps, const auto& weights, const StackOptions<double>& options) -> std::optional<LayerOfRun> {
    for (std::size_t i = 0; steps && i < steps->layers.size(); ++i) {
      if (path_above(step) == path_of_layer(path_of_stack(stack), i)) return LayerOfRun{steps->layers[i], weights->layers[i], options.layer};
    }
    return std::nullopt;
  };
  const auto found = in_stack(Stack::encoder, run.steps.encoder, run.weights.encoder, run.encoder);
  return found ? found : in_stack(Stack::decoder, run.steps.decoder, run.weights.decoder, run.decoder);
}

Tensor<double> rounded(const Tensor<double>& tensor) { return rounded_to(tensor, Mantissa::float32); }

// Ids that no layer in which anything was compared could have shown.
void add_blind_spots(Verification& all, const BlindSpots& of_layer, bool first) {
  all.blind_spots_left_out = all.blind_spots_left_out || of_layer.left_out;
  if (first) {
    all.blind_spots = of_layer.spots;
    return;
  }
  std::vector<BlindSpot> both;
  for (BlindSpot spot : all.blind_spots) {
    const auto same = std::find_if(of_layer.spots.begin(), of_layer.spots.end(), [&](const BlindSpot& other) { return other.id == spot.id; });
    if (same == of_layer.spots.end()) continue;
    spot.applies = spot.applies || same->applies;
    both.push_back(spot);
  }
  all.blind_spots = std::move(both);
}

class ModelWalk {
 public:
  ModelWalk(const ModelRun& run, const Submission& theirs, const VerifyOptions& options) : run_(run), theirs_(theirs), options_(options) {}

  Verification findings() {
    const TransformerWeights<double>& weights = run_.weights;
    Tensor<double> last;
    if (weights.encoder) last = walk_stack(Stack::encoder, *run_.steps.encoder, *weights.encoder, run_.encoder.layer, {});
    if (weights.decoder) last = walk_stack(Stack::decoder, *run_.steps.decoder, *weights.decoder, run_.decoder.layer, last);
    if (run_.steps.logits) {
      const auto map = [&](const Tensor<double>& x) { return linear(x, weights.w_out, weights.b_out, std::string(name_of(S::logits))); };
      judge(S::logits, *run_.steps.logits, map(last), map(rounded(last)));
    }
    const bool any = std::any_of(result_.steps.begin(), result_.steps.end(), [](const StepVerdict& verdict) { return verdict.compared(); });
    if (any) result_.verdict = result_.first_divergent_step ? Verdict::mismatch : Verdict::match;
    if (result_.verdict != Verdict::match) result_.blind_spots.clear();
    return std::move(result_);
  }

 private:
  // Each gives what its last step is, theirs where that is known.
  Tensor<double> walk_stack(Stack stack, const StackSteps<double>& steps, const StackWeights<double>& weights, const LayerOptions<double>& options,
                            const Tensor<double>& memory) {
    const std::string path = path_of_stack(stack);
    valid_lens_ = options.self.attention.mask.valid_lens;
    Tensor<double> x = walk_embedding(path, steps.embedding);
    if (steps.embedding.norm) x = walk_norm(path_of_embedding_norm(path), *steps.embedding.norm, *weights.embedding.norm, options.norm, x);
    for (std::size_t i = 0; i < steps.layers.size(); ++i) {
      Problem<double> problem = problem_of_layer(steps.layers[i], weights.layers[i], options);
      problem.inputs[S::x] = std::move(x);
      if (steps.layers[i].memory) problem.inputs[S::memory] = memory;
      x = walk_layer(path_of_layer(path, i), steps.layers[i], problem);
    }
    if (steps.final_norm) x = walk_norm(path_of_final_norm(path), *steps.final_norm, *weights.final_norm, options.norm, x);
    return judge(under_path(path, S::output), steps.output(), x, x);
  }

  Tensor<double> walk_embedding(const std::string& path, const EmbeddingSteps<double>& steps) {
    const Tensor<double> token = judge(under_path(path, S::token_embedding), steps.token_embedding, steps.token_embedding, rounded(steps.token_embedding));
    Tensor<double> sum = token;
    const auto add = [&](Step step, const std::optional<Tensor<double>>& rows) {
      if (!rows) return;
      const Tensor<double> known = judge(under_path(path, step), *rows, *rows, rounded(*rows));
      for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += known.data()[i % known.size()];
    };
    add(S::position_embedding, steps.position_embedding);
    add(S::segment_embedding, steps.segment_embedding);
    return judge(under_path(path, S::x), steps.x, sum, rounded(sum));
  }

  Tensor<double> walk_norm(const std::string& path, const NormSteps<double>& ours, const NormWeights<double>& weights, const NormOptions& options,
                           const Tensor<double>& x) {
    std::map<Step, Tensor<double>> local, from_rounded;
    visit(normalised(x, weights, options), [&](Step step, const Tensor<double>& tensor) { local[step] = tensor; });
    visit(normalised(rounded(x), weights, options), [&](Step step, const Tensor<double>& tensor) { from_rounded[step] = tensor; });
    Tensor<double> result;
    visit(ours, [&](Step step, const Tensor<double>& tensor) { result = judge(under_path(path, step), tensor, local.at(step), from_rounded.at(step)); });
    return result;
  }

  Tensor<double> walk_layer(const std::string& path, const LayerSteps<double>& steps, const Problem<double>& problem) {
    const Submission theirs = submission_of(path, problem);
    const Verification found = verify_at_once(problem, theirs, options_);
    std::map<Step, const Tensor<double>*> ours;
    visit_layer(steps, [&](Step step, const Tensor<double>& tensor) { ours[step] = &tensor; });
    for (const StepVerdict& of_layer : found.steps) {
      StepVerdict verdict = of_layer;
      verdict.step = under_path(path, of_layer.step);
      const bool follows = found.verdict == Verdict::match || !of_layer.diverges();
      if (verdict.compared()) verdict.local = follows ? Local::match : Local::mismatch;
      if (verdict.compared()) verdict.difference = compare(*ours.at(of_layer.step), theirs_.tensors.at(verdict.step).view(), verdict.tolerance);
      result_.steps.push_back(std::move(verdict));
    }
    if (found.first_divergent_step) add_first(under_path(path, *found.first_divergent_step), found.excess);
    // Of a layer of which nothing but the input was handed in, this is judged all the same.
    for (const StepVerdict& input : found.steps) {
      if (found.verdict == Verdict::incomparable && input.diverges()) add_first(under_path(path, input.step), std::nullopt);
    }
    for (Diagnosis diagnosis : found.diagnosis) {
      diagnosis.step = under_path(path, diagnosis.step);
      add_diagnosis(diagnosis);
    }
    result_.pairs_left_out = result_.pairs_left_out || found.pairs_left_out;
    if (found.verdict == Verdict::match) look_for_blind_spots(found, problem);
    const bool padding = std::any_of(found.diagnosis.begin(), found.diagnosis.end(), [](const Diagnosis& d) { return d.id == "M17"; });
    return padding ? where_it_counts(what_follows(problem, theirs), steps.output(), valid_lens_) : what_follows(problem, theirs);
  }

  void look_for_blind_spots(const Verification& layer, const Problem<double>& problem) {
    add_blind_spots(result_, find_blind_spots(problem, observed_in(layer)), std::exchange(no_blind_spots_yet_, false));
  }

  // The result of the layer: theirs, or what it is by their tensors, as far as they fit.
  static Tensor<double> what_follows(const Problem<double>& problem, const Submission& theirs) {
    const std::map<Step, Tensor<double>> known = widened(theirs.tensors);
    const std::map<Step, Shape> shapes = step_shapes(problem);
    Evaluator<double> run(problem);
    for (const auto& [step, tensor] : known) {
      if (shapes.count(step) > 0 && shapes.at(step) == shape_of(tensor)) run.know(step, tensor);
    }
    return run.take(layer_output());
  }

  // A step outside of the layers: ours of the whole run, and what our operation makes of theirs before it, once more with
  // rounded operands.
  Tensor<double> judge(Step step, const Tensor<double>& ours, const Tensor<double>& local, const Tensor<double>& from_rounded) {
    Tolerance tolerance = options_.tolerance.value_or(rounding_tolerance(local, from_rounded));
    tolerance.equal_nan = options_.equal_nan;
    StepVerdict verdict{step, {}, Local::unknown, tolerance, shape_of(ours), {}};
    const auto found = theirs_.tensors.find(step);
    if (found == theirs_.tensors.end()) {
      result_.steps.push_back(verdict);
      return local;
    }
    const Tensor<double> theirs = found->second.in<double>();
    verdict.theirs = shape_of(theirs);
    verdict.difference = compare(ours, theirs, tolerance);
    tolerance.equal_nan = true;  // of theirs before it
    const bool follows = agree(local, theirs, tolerance), padding = !follows && differs_in_padding(local, theirs, tolerance);
    verdict.local = follows || padding ? Local::match : Local::mismatch;
    if (padding) add_diagnosis({"M17", "", step, true, true, verdict.difference.max_abs, ""});
    result_.steps.push_back(verdict);
    const bool fits = verdict.difference.status != Status::shape;
    if (verdict.diverges()) add_first(step, fits ? std::optional(excess(ours, theirs, verdict.tolerance)) : std::nullopt);
    return !fits ? local : padding ? where_it_counts(theirs, ours, valid_lens_) : theirs;
  }

  bool differs_in_padding(Tensor<double> local, const Tensor<double>& theirs, const Tolerance& tolerance) const {
    return fill_padded_rows(local, {valid_lens_}, &theirs) && agree(local, theirs, tolerance);
  }

  // What is computed from theirs has ours where no token stands: it may be anything there, as large as it pleases.
  static Tensor<double> where_it_counts(Tensor<double> theirs, const Tensor<double>& ours, const std::vector<std::size_t>& lens) {
    fill_padded_rows(theirs, {lens}, &ours);
    return theirs;
  }

  // The layer's part of theirs, with the padding of what it is given as it comes out of the layers before.
  Submission submission_of(const std::string& path, const Problem<double>& problem) const {
    Submission theirs = submission_of_layer(theirs_, under_path(path, S::x));
    const std::pair<Step, Block> given[] = {{S::x, Block::self}, {S::memory, Block::cross}};
    for (const auto& [step, block] : given) {
      const auto found = theirs.tensors.find(step);
      if (found == theirs.tensors.end() || problem.layer->blocks.count(block) == 0) continue;
      const auto& lens = problem.layer->blocks.at(block).options.attention.mask.valid_lens;
      found->second = where_it_counts(found->second.in<double>(), problem.inputs.at(step), lens);
    }
    return theirs;
  }

  void add_first(Step step, const std::optional<Tensor<double>>& excess) {
    if (result_.first_divergent_step) return;
    result_.first_divergent_step = step;
    result_.excess = excess;
  }

  void add_diagnosis(const Diagnosis& diagnosis) {
    const bool named = std::any_of(result_.diagnosis.begin(), result_.diagnosis.end(), [&](const Diagnosis& other) { return other.id == diagnosis.id; });
    if (!named) result_.diagnosis.push_back(diagnosis);
  }

  const ModelRun& run_;
  const Submission& theirs_;
  const VerifyOptions& options_;
  std::vector<std::size_t> valid_lens_;  // of the stack that is walked
  Verification result_;
  bool no_blind_spots_yet_ = true;
};

}  // namespace

std::map<Step, Tensor<double>> tensors_of(const ModelRun& run) {
  std::map<Step, Tensor<double>> tensors;
  visit_model(run.steps, [&](Step step, const Tensor<double>& tensor) { tensors.emplace(step, tensor); });
  return tensors;
}

std::map<Step, Shape> shapes_of(const ModelRun& run) {
  std::map<Step, Shape> shapes;
  visit_model(run.steps, [&](Step step, const Tensor<double>& tensor) { shapes.emplace(step, shape_of(tensor)); });
  return shapes;
}

bool is_in_layer(const ModelRun& run, Step step) { return layer_of(run, step).has_value(); }

Problem<double> problem_of_layer(const ModelRun& run, Step step) {
  const auto layer = layer_of(run, step);
  if (!layer) throw std::out_of_range("a step outside of the layers");
  return problem_of_layer(layer->steps, layer->weights, layer->options);
}

Submission submission_of_layer(const Submission& theirs, Step step) {
  Submission part;
  for (const auto& [each, tensor] : theirs.tensors) {
    if (path_above(each) == path_above(step)) part.tensors.emplace(without_path(each), tensor);
  }
  return part;
}

Verification verify_model(const ModelRun& run, const Submission& theirs, const VerifyOptions& options) { return ModelWalk(run, theirs, options).findings(); }

}  // namespace attn
