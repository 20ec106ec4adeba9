#include <attn/verify/layer_problem.hpp>

#include <attn/ops/multihead.hpp>
#include <attn/ops/residual.hpp>

#include <string>
#include <utility>

namespace attn {
namespace {

using S = Step;

template <class T>
Block block_before(const LayerProblem<T>& layer, Block block) {
  return block == Block::ffn && layer.weights.cross ? Block::cross : Block::self;
}

template <class T>
using Rule = Tensor<T> (*)(Evaluator<T>& part, const LayerProblem<T>& layer);

template <class T>
const Tensor<T>& spread(Evaluator<T>& e, const LayerProblem<T>& layer) {
  return e.get(layer.options.norm.kind == NormKind::layer ? S::norm_var : S::norm_mean_square);
}

template <class T>
Tensor<T> hat(Evaluator<T>& e, const LayerProblem<T>& layer) {
  std::optional<Tensor<T>> centre;
  if (layer.options.norm.kind == NormKind::layer) centre = e.get(S::norm_mean);
  return standardised<T>(e.get(S::residual), centre, spread(e, layer), layer.options.norm.eps);
}

template <class T>
Tensor<T> hidden(Evaluator<T>& e, const LayerProblem<T>& layer) {
  std::optional<Tensor<T>> gate;
  if (layer.weights.ffn.maps.w_gate || layer.weights.ffn.maps.b_gate) gate = e.get(S::ffn_gate);
  return activated(e.get(S::ffn_up), gate, layer.options.activation);
}

// How each step of a layer outside of attention is computed from what its part shows it.
template <class T>
const std::map<Step, Rule<T>>& rules() {
  using E = Evaluator<T>;
  using L = LayerProblem<T>;
  static const auto name = [](Step step) { return std::string(name_of(step)); };
  static const std::map<Step, Rule<T>> table = {
      {S::shortcut, [](E& e, const L& l) { const auto& w = l.residual_of(e.place()->block); return linear(e.get(S::x), w.w_s, w.b_s, name(S::shortcut)); }},
      {S::residual, [](E& e, const L& l) { const auto& w = l.residual_of(e.place()->block); return sum_of(e.get(w.w_s || w.b_s ? S::shortcut : S::x), e.get(S::output)); }},
      {S::norm_mean, [](E& e, const L&) { return row_means(e.get(S::residual)); }},
      {S::norm_var, [](E& e, const L& l) { return row_variances(e.get(S::residual), e.get(S::norm_mean), l.options.norm.variance); }},
      {S::norm_mean_square, [](E& e, const L&) { return row_mean_squares(e.get(S::residual)); }},
      {S::norm_hat, [](E& e, const L& l) { return hat(e, l); }},
      {S::norm, [](E& e, const L& l) { return scaled_and_shifted(hat(e, l), l.norm_of(e.place()->block)); }},
      {S::ffn_gate, [](E& e, const L& l) { return linear(e.get(S::norm), l.weights.ffn.maps.w_gate, l.weights.ffn.maps.b_gate, name(S::ffn_gate)); }},
      {S::ffn_up, [](E& e, const L& l) { return linear(e.get(S::norm), l.weights.ffn.maps.w_1, l.weights.ffn.maps.b_1, name(S::ffn_up)); }},
      {S::ffn_hidden, [](E& e, const L& l) { return hidden(e, l); }},
      {S::ffn_output, [](E& e, const L& l) { return linear(e.get(S::ffn_hidden), l.weights.ffn.maps.w_2, l.weights.ffn.maps.b_2, name(S::ffn_output)); }},
  };
  return table;
}

// One block's attention as a problem without inputs: what it reads comes through its view.
Problem<double> block_problem(const MultiheadSteps<double>& steps, const MultiheadWeights<double>& weights, const MultiheadOptions<double>& options) {
  Problem<double> problem;
  problem.sizes = steps.attention.sizes;
  problem.weights = weights;
  problem.options = options;
  problem.options.attention.past_key.reset();
  problem.options.attention.past_value.reset();
  visit(steps, [&](Step step, const Tensor<double>&) { problem.steps.push_back(step); });
  problem.output_shape = shape_of(steps.output);
  return problem;
}

}  // namespace

template <class T>
const NormWeights<T>& LayerProblem<T>::norm_of(Block block) const {
  return block == Block::self ? weights.self.norm : block == Block::cross ? weights.cross->norm : weights.ffn.norm;
}

template <class T>
const ResidualWeights<T>& LayerProblem<T>::residual_of(Block block) const {
  return block == Block::self ? weights.self.residual : block == Block::cross ? weights.cross->residual : weights.ffn.residual;
}

template <class T>
Step LayerProblem<T>::result_of(Block block) const {
  return norm_first() ? at_place({block, LayerPart::sum}, S::residual) : at_place({block, LayerPart::norm_after}, S::norm);
}

template <class T>
Step LayerProblem<T>::given_to(Block block) const {
  return block == Block::self ? S::x : result_of(block_before(*this, block));
}

template <class T>
Step LayerProblem<T>::read_by(Block block) const {
  return norm_first() ? at_place({block, LayerPart::norm_before}, S::norm) : given_to(block);
}

template <class T>
PartOfLayer<T>::PartOfLayer(Evaluator<T>& whole, LayerPlace place)
    : Evaluator<T>(whole.problem().layer->blocks.at(place.block)), whole_(whole), place_(place) {}

template <class T>
Step PartOfLayer<T>::step_in_layer(Step step) const {
  const LayerProblem<T>& layer = *whole_.problem().layer;
  const Block block = place_.block;
  switch (place_.part) {
    case LayerPart::sublayer:
      if (step == (block == Block::ffn ? S::norm : S::x)) return layer.read_by(block);
      return step == S::memory ? step : at_place(place_, step);
    case LayerPart::sum:
      if (step == S::x) return layer.given_to(block);
      if (step == S::output) return at_place({block, LayerPart::sublayer}, block == Block::ffn ? S::ffn_output : S::output);
      return at_place(place_, step);
    default:
      if (step != S::residual) return at_place(place_, step);
      return place_.part == LayerPart::norm_before ? layer.given_to(block) : at_place({block, LayerPart::sum}, S::residual);
  }
}

template <class T>
Tensor<T> compute_in_layer(Evaluator<T>& run, Step step) {
  const LayerProblem<T>& layer = *run.problem().layer;
  const std::optional<LayerPlace> place = place_of(step);
  if (!place) return reshaped(run.get(layer.result_of(Block::ffn)), run.problem().output_shape);
  PartOfLayer<T> part(run, *place);
  const auto rule = rules<T>().find(base_of(step));
  return rule != rules<T>().end() ? rule->second(part, layer) : part.compute(base_of(step));
}

void visit_layer(const LayerSteps<double>& steps, const std::function<void(Step, const Tensor<double>&)>& found) {
  const bool norm_first = steps.placement == NormPlacement::pre;
  const auto place = [&](Block block, Step step, const Tensor<double>& tensor) { found(at_place({block, part_of(step, norm_first)}, step), tensor); };
  found(S::x, steps.x);
  if (steps.memory) found(S::memory, *steps.memory);
  visit_block(Block::self, steps.placement, steps.self, place);
  if (steps.cross) visit_block(Block::cross, steps.placement, *steps.cross, place);
  visit_block(Block::ffn, steps.placement, steps.ffn, place);
  found(layer_output(), steps.output());
}

Problem<double> problem_of_layer(const LayerSteps<double>& steps, const LayerWeights<double>& weights, const LayerOptions<double>& options) {
  auto layer = std::make_shared<LayerProblem<double>>();
  layer->weights = weights;
  layer->options = options;
  layer->blocks[Block::self] = block_problem(steps.self.attention, weights.self.attention, options.self);
  if (steps.cross) layer->blocks[Block::cross] = block_problem(steps.cross->attention, weights.cross->attention, options.cross);
  layer->blocks[Block::ffn].sizes = steps.self.attention.attention.sizes;

  Problem<double> problem;
  problem.sizes = steps.self.attention.attention.sizes;
  problem.output_shape = shape_of(steps.output());
  visit_layer(steps, [&problem](Step step, const Tensor<double>& tensor) {
    if (step_info(step).kind == StepKind::input) problem.inputs.emplace(step, tensor);
    else problem.steps.push_back(step);
  });
  problem.layer = std::move(layer);
  return problem;
}

template struct LayerProblem<float>;
template struct LayerProblem<double>;
template class PartOfLayer<float>;
template class PartOfLayer<double>;
template Tensor<float> compute_in_layer(Evaluator<float>&, Step);
template Tensor<double> compute_in_layer(Evaluator<double>&, Step);

}  // namespace attn
