#include <attn/lessons/cell_arithmetic.hpp>
#include <attn/lessons/cell_layer.hpp>

#include <cmath>
#include <map>
#include <utility>

namespace attn {
namespace {

class LayerExplainer : public CellArithmetic {
 public:
  using CellArithmetic::CellArithmetic;

  CellExplanation explain() {
    rules().at(step_)(*this);
    return std::move(result_);
  }

  static const std::map<Step, void (*)(LayerExplainer&)>& rules() {
    using E = LayerExplainer;
    static const std::map<Step, void (*)(E&)> table = {
        {Step::shortcut, [](E& e) { e.linear(Step::x, Step::w_s, Step::b_s); }},
        {Step::residual, [](E& e) { e.residual(); }},
        {Step::norm_mean, [](E& e) { e.mean(); }},
        {Step::norm_var, [](E& e) { e.variance(); }},
        {Step::norm_mean_square, [](E& e) { e.mean_square(); }},
        {Step::norm_hat, [](E& e) { e.standardised(); }},
        {Step::norm, [](E& e) { e.normalised(); }},
        {Step::ffn_gate, [](E& e) { e.linear(Step::norm, Step::w_gate, Step::b_gate); }},
        {Step::ffn_up, [](E& e) { e.linear(Step::norm, Step::w_1, Step::b_1); }},
        {Step::ffn_hidden, [](E& e) { e.hidden(); }},
        {Step::ffn_output, [](E& e) { e.linear(Step::ffn_hidden, Step::w_2, Step::b_2); }},
    };
    return table;
  }

 private:
  std::size_t width() const { return get(Step::residual).tensor.shape().back(); }
  bool single() const { return trace_.precision == Precision::float32; }
  double root(double number) const {
    return single() ? static_cast<double>(std::sqrt(static_cast<float>(number))) : std::sqrt(number);
  }
  double eps() const { return single() ? static_cast<double>(static_cast<float>(facts_.layer->norm.eps)) : facts_.layer->norm.eps; }
  Index feature(std::size_t e) const {
    Index index = at_;
    index.back() = e;
    return index;
  }
  Index row() const { return feature(0); }

  void residual() {
    const Step source = first_present({Step::shortcut, Step::x});
    const double left = at(source, at_), right = at(Step::output, at_);
    result_.rule = get(source).name + " + " + get(Step::output).name;
    equation(cell(source, at_) + " + " + cell(Step::output, at_), text(left) + " + " + text(right), sum(left, right));
  }

  void divided(double divisor) { equation("sum / " + text(divisor), text(sum_) + " / " + text(divisor), quotient(sum_, divisor)); }

  void mean() {
    result_.rule = "sum over e of " + get(Step::residual).name + "[…,e], divided by " + std::to_string(width());
    for (std::size_t e = 0; e < width(); ++e) add_number(Step::residual, feature(e));
    divided(static_cast<double>(width()));
  }

  void variance() {
    const bool unbiased = facts_.layer->norm.variance == Variance::unbiased;
    const double mean = at(Step::norm_mean, row()), divisor = static_cast<double>(width()) - (unbiased ? 1 : 0);
    result_.rule = "sum over e of (" + get(Step::residual).name + "[…,e] - mean)², divided by " + text(divisor);
    result_.lines.push_back("mean = " + cell(Step::norm_mean, row()) + " = " + text(mean));
    for (std::size_t e = 0; e < width(); ++e) {
      const double value = at(Step::residual, feature(e)), deviation = sum(value, -mean);
      CellTerm term{"(" + cell(Step::residual, feature(e)) + " - mean)²", "", value, 0, product(deviation, deviation), 0};
      add(term);
    }
    divided(divisor);
  }

  void mean_square() {
    result_.rule = "sum over e of " + get(Step::residual).name + "[…,e]², divided by " + std::to_string(width());
    for (std::size_t e = 0; e < width(); ++e) add_product(Step::residual, feature(e), Step::residual, feature(e));
    divided(static_cast<double>(width()));
  }

  // (x − mean) / √(spread + eps), as one line.
  double hat() {
    const bool centred = trace_.find(Step::norm_mean) != nullptr;
    const Step spread_step = centred ? Step::norm_var : Step::norm_mean_square;
    const double value = at(Step::residual, at_), spread = at(spread_step, row()), below = root(sum(spread, eps()));
    const double above = centred ? sum(value, -at(Step::norm_mean, row())) : value;
    const double result = quotient(above, below);
    const std::string top = cell(Step::residual, at_) + (centred ? " - " + cell(Step::norm_mean, row()) : "");
    const std::string numbers = text(value) + (centred ? " - " + text(at(Step::norm_mean, row())) : "");
    result_.lines.push_back("hat = (" + top + ") / √(" + cell(spread_step, row()) + " + eps) = (" + numbers + ") / √(" + text(spread) + " + " +
                            text(eps()) + ") = " + text(result));
    return result;
  }

  void standardised() {
    result_.rule = "centred and divided by the spread";
    result_.recomputed = hat();
  }

  void normalised() {
    result_.rule = "centred, divided by the spread, scaled and shifted";
    double value = hat();
    std::string formula = "hat", numbers = text(value);
    if (trace_.find(Step::gamma)) {
      formula += " · " + cell(Step::gamma, {at_.back()});
      numbers += " · " + text(at(Step::gamma, {at_.back()}));
      value = product(value, at(Step::gamma, {at_.back()}));
    }
    if (trace_.find(Step::beta)) {
      formula += " + " + cell(Step::beta, {at_.back()});
      numbers += " + " + text(at(Step::beta, {at_.back()}));
      value = sum(value, at(Step::beta, {at_.back()}));
    }
    equation(formula, numbers, value);
  }

  double activated_number(double x) const {
    const Activation activation = facts_.layer->activation;
    return single() ? static_cast<double>(activated(activation, static_cast<float>(x))) : activated(activation, x);
  }

  void hidden() {
    static const char* const names[] = {"relu", "gelu", "gelu_tanh", "silu"};
    const std::string name = names[static_cast<std::size_t>(facts_.layer->activation)];
    const double up = at(Step::ffn_up, at_);
    if (!trace_.find(Step::ffn_gate)) {
      result_.rule = name + "(" + get(Step::ffn_up).name + ")";
      return equation(name + "(" + cell(Step::ffn_up, at_) + ")", name + "(" + text(up) + ")", activated_number(up));
    }
    const double gate = at(Step::ffn_gate, at_);
    result_.rule = name + "(" + get(Step::ffn_gate).name + ") · " + get(Step::ffn_up).name;
    equation(name + "(" + cell(Step::ffn_gate, at_) + ") · " + cell(Step::ffn_up, at_), name + "(" + text(gate) + ") · " + text(up),
             product(activated_number(gate), up));
  }
};

}  // namespace

bool is_layer_step(Step step) { return LayerExplainer::rules().count(step) > 0; }

CellExplanation explain_layer_cell(const Trace& trace, const AttentionFacts& facts, const CellAddress& address) {
  return LayerExplainer(trace, facts, address).explain();
}

}  // namespace attn
