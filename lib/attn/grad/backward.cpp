#include <attn/error.hpp>
#include <attn/grad/backward.hpp>
#include <attn/grad/rules.hpp>
#include <attn/verify/layer_problem.hpp>

#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

namespace attn {
namespace {

using Sums = std::map<Step, Gradient>;

void add(Sums& sums, Step of, Tensor<double> value, const GradientTerm* term) {
  auto [place, is_new] = sums.try_emplace(of, Gradient{of, {}});
  Gradient& sum = place->second;
  if (is_new) {
    sum.value = std::move(value);
  } else {
    for (std::size_t i = 0; i < value.size(); ++i) sum.value.data()[i] += value.data()[i];
  }
  if (term) sum.terms.push_back(term);
}

// One step sends its gradient back. In a layer its part shows it the steps it knows.
class Sender : public PartOfBackward {
 public:
  Sender(Evaluator<double>& run, Step step, Sums& sums, std::vector<Step>& parameters)
      : run_(run), step_(step), sums_(sums), parameters_(parameters) {
    if (const std::optional<LayerPlace> place = place_of(step)) part_.emplace(run, *place);
  }

  const Problem<double>& problem() const override { return part_ ? part_->problem() : run_.problem(); }
  const Tensor<double>& get(Step step) override { return part_ ? part_->get(step) : run_.get(step); }
  const LayerProblem<double>& layer() const override { return *run_.problem().layer; }
  Block block() const override { return part_->place()->block; }

  using PartOfBackward::send;
  void send(Step operand, Tensor<double> gradient, Step term) override {
    const bool parameter = step_info(operand).kind == StepKind::parameter;
    const Step of = !part_ ? operand : parameter ? at_place(*part_->place(), operand) : part_->step_in_layer(operand);
    if (parameter) parameters_.push_back(of);
    add(sums_, of, std::move(gradient), &gradient_term(base_of(step_), term));
  }

 private:
  Evaluator<double>& run_;
  Step step_;
  Sums& sums_;
  std::vector<Step>& parameters_;
  std::optional<PartOfLayer<double>> part_;
};

}  // namespace

Step last_step(const Problem<double>& problem) { return problem.layer ? layer_output() : Step::output; }

std::vector<Gradient> backward(const Problem<double>& problem, const Tensor<double>& upstream, const SentBack& sent) {
  if (shape_of(upstream) != problem.output_shape) {
    throw ShapeError("upstream", "has shape " + to_string(shape_of(upstream)) + ", expected that of the output, " + to_string(problem.output_shape));
  }
  Evaluator<double> run(problem);
  Sums sums;
  add(sums, last_step(problem), upstream, nullptr);
  std::vector<Gradient> gradients;
  const auto hand_out = [&](Step step) {
    const auto found = sums.find(step);
    if (found == sums.end()) return false;
    gradients.push_back(found->second);
    return true;
  };
  for (auto step = problem.steps.rbegin(); step != problem.steps.rend(); ++step) {
    if (!hand_out(*step)) continue;
    std::vector<Step> parameters;
    const Tensor<double>& own = gradients.back().value;
    const Tensor<double> d = sent ? sent(*step, own) : own;
    if (*step == layer_output()) {
      const Step result = problem.layer->result_of(Block::ffn);
      add(sums, result, reshaped(d, shape_of(run.get(result))), nullptr);
    } else {
      Sender sender(run, *step, sums, parameters);
      send_back(sender, base_of(*step), d);
    }
    for (const Step parameter : parameters) hand_out(parameter);
  }
  for (const auto& [input, tensor] : problem.inputs) hand_out(input);
  return gradients;
}

}  // namespace attn
