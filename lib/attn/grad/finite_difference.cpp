#include <attn/grad/backward.hpp>
#include <attn/grad/finite_difference.hpp>
#include <attn/verify/layer_problem.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

namespace attn {
namespace {

// A copy of a run in which one number of a step or a parameter can be set.
class MovedRun {
 public:
  MovedRun(const Problem<double>& problem, Step of) : problem_(problem), of_(of) {
    if (step_info(of).kind != StepKind::parameter) {
      step_ = Evaluator<double>(problem).get(of);
      copies_ = {&*step_};
    } else if (problem_.layer) {
      find_in_layer();
    } else {
      visit(own_weights(problem_), [this](Step step, const Tensor<double>& tensor) { keep(step, tensor); });
    }
    if (copies_.empty()) throw std::logic_error("this run has no " + std::string(name_of(of)));
  }
  MovedRun(const MovedRun&) = delete;
  MovedRun& operator=(const MovedRun&) = delete;

  std::size_t size() const { return copies_.front()->size(); }
  double at(std::size_t element) const { return copies_.front()->data()[element]; }
  void set(std::size_t element, double value) {
    for (Tensor<double>* copy : copies_) copy->data()[element] = value;
  }

  double loss(const Tensor<double>& upstream) const {
    Evaluator<double> run(problem_);
    if (step_) run.know(of_, *step_);
    const Tensor<double>& output = run.get(last_step(problem_));
    double loss = 0;
    for (std::size_t i = 0; i < output.size(); ++i) loss += output.data()[i] * upstream.data()[i];
    return loss;
  }

 private:
  // A copy of a run shares its weights.
  static const MultiheadWeights<double>& own_weights(Problem<double>& problem) {
    problem.weights = MultiheadWeights<double>(*problem.weights);
    return *problem.weights;
  }

  // `visit` shows tensors as they are to be read; these belong to this copy.
  void keep(Step step, const Tensor<double>& tensor) {
    if (step == of_) copies_.push_back(const_cast<Tensor<double>*>(&tensor));
  }

  // A layer knows its attentions twice: as its weights, and as those of a block.
  void find_in_layer() {
    auto layer = std::make_shared<LayerProblem<double>>(*problem_.layer);
    const auto keep_at = [&](Block block, Step step, const Tensor<double>& tensor) {
      keep(at_place({block, part_of_parameter(step, layer->norm_first())}, step), tensor);
    };
    visit(layer->weights, keep_at);
    for (auto& [block, problem] : layer->blocks) {
      visit(own_weights(problem), [&, where = block](Step step, const Tensor<double>& tensor) { keep_at(where, step, tensor); });
    }
    problem_.layer = std::move(layer);
  }

  static LayerPart part_of_parameter(Step step, bool norm_first) {
    if (step == Step::w_s || step == Step::b_s) return LayerPart::sum;
    const bool norm = step == Step::gamma || step == Step::beta;
    return part_of(norm ? Step::norm : step, norm_first);
  }

  Problem<double> problem_;
  Step of_;
  std::optional<Tensor<double>> step_;
  std::vector<Tensor<double>*> copies_;
};

}  // namespace

std::vector<FiniteDifference> finite_differences(const Problem<double>& problem, Step of, const Tensor<double>& upstream, std::size_t count) {
  MovedRun run(problem, of);
  const std::size_t size = run.size();
  std::vector<FiniteDifference> measured;
  for (std::size_t i = 0; i < std::min(count, size); ++i) {
    // Evenly spread: i·size/count without its overflow.
    const std::size_t element = count >= size ? i : static_cast<std::size_t>(static_cast<double>(i) * static_cast<double>(size) / static_cast<double>(count));
    const double x = run.at(element), h = std::cbrt(std::numeric_limits<double>::epsilon()) * std::max(1.0, std::abs(x));
    run.set(element, x + h);
    const double above = run.loss(upstream);
    run.set(element, x - h);
    const double below = run.loss(upstream);
    run.set(element, x);
    // A score of −inf cannot be moved, and moves nothing.
    measured.push_back({element, std::isinf(x) ? 0 : (above - below) / (2 * h)});
  }
  return measured;
}

double largest_error(const Tensor<double>& gradient, const std::vector<FiniteDifference>& measured) {
  double largest = 1, error = 0;
  for (const double value : gradient.storage()) largest = std::max(largest, std::abs(value));
  for (const FiniteDifference& each : measured) {
    const double apart = std::abs(gradient.data()[each.element] - each.value);
    if (!(apart <= error)) error = apart;  // NaN stays
    if (std::isnan(error)) break;
  }
  return error / largest;
}

}  // namespace attn
