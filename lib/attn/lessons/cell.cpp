#include <attn/lessons/cell.hpp>
#include <attn/lessons/cell_arithmetic.hpp>
#include <attn/lessons/cell_layer.hpp>
#include <attn/ops/rope.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

namespace attn {
namespace {

// How each step of attention is taken apart.
class Explainer : public CellArithmetic {
 public:
  using CellArithmetic::CellArithmetic;

  CellExplanation explain() {
    const auto rule = rules().find(step_);
    if (rule == rules().end()) {
      result_.rule = "given";
    } else {
      rule->second(*this);
    }
    return std::move(result_);
  }

 private:
  // How each step is taken apart. A step without a row was given, not computed.
  static const std::map<Step, void (*)(Explainer&)>& rules() {
    using E = Explainer;
    static const std::map<Step, void (*)(E&)> table = {
        {Step::q_proj, [](E& e) { e.linear(Step::x, Step::w_q, Step::b_q); }},
        {Step::k_proj, [](E& e) { e.linear(e.first_present({Step::memory, Step::x}), Step::w_k, Step::b_k); }},
        {Step::v_proj, [](E& e) { e.linear(e.first_present({Step::memory_value, Step::memory, Step::x}), Step::w_v, Step::b_v); }},
        {Step::q, [](E& e) { e.split_from({Step::q_proj, Step::x}, e.trace_.sizes.head_dim); }},
        {Step::k, [](E& e) { e.split_from({Step::k_proj, Step::memory, Step::x}, e.trace_.sizes.head_dim); }},
        {Step::v, [](E& e) { e.split_from({Step::v_proj, Step::memory_value, Step::memory, Step::x}, e.trace_.sizes.value_dim); }},
        {Step::q_rot, [](E& e) { e.rotated(Step::q); }},
        {Step::k_rot, [](E& e) { e.rotated(Step::k); }},
        {Step::present_key, [](E& e) { e.from_cache(Step::past_key, e.first_present({Step::k_rot, Step::k})); }},
        {Step::present_value, [](E& e) { e.from_cache(Step::past_value, Step::v); }},
        {Step::scores_raw, [](E& e) { e.raw_score(); }},
        {Step::scores_scaled, [](E& e) { e.scaled(); }},
        {Step::scores_capped, [](E& e) { e.capped(); }},
        {Step::mask, [](E& e) { e.masked_by(); }},
        {Step::scores_masked, [](E& e) { e.masked(); }},
        {Step::row_max, [](E& e) { e.row_max(); }},
        {Step::exp, [](E& e) { e.exponential(); }},
        {Step::row_sum, [](E& e) { e.row_sum(); }},
        {Step::weights, [](E& e) { e.weight(); }},
        {Step::weights_dropped, [](E& e) { e.dropped(); }},
        {Step::weights_averaged, [](E& e) { e.averaged(); }},
        {Step::heads, [](E& e) { e.head(); }},
        {Step::merged, [](E& e) { e.merged(); }},
        {Step::output, [](E& e) { e.output(); }},
    };
    return table;
  }

  // Head h owns columns h·D … h·D + D − 1 of the projection.
  void split_from(const std::vector<Step>& sources, std::size_t head_dim) {
    const Step source = first_present(sources);
    if (source == step_) {
      result_.rule = "given";
      return;
    }
    const Index from = {at_[0], at_[2], at_[1] * head_dim + at_[3]};
    if (from[1] < get(source).tensor.shape()[1]) {
      copy_of(cell(source, from));
      return;
    }
    const Step bias = step_ == Step::k ? Step::bias_k : Step::bias_v;
    const bool first_appended = from[1] == get(source).tensor.shape()[1];
    const bool has_learned = trace_.find(Step::bias_k) || trace_.find(Step::bias_v);
    if (first_appended && trace_.find(bias)) {
      copy_of(cell(bias, {from[2]}));
    } else if (first_appended && has_learned) {
      result_.rule = "zero: " + std::string(name_of(bias)) + " is absent beside its partner";
    } else {
      result_.rule = "the key of zeros that add_zero_attn appends";
    }
  }

  // Coordinate d and its partner make a pair; the pair is turned by the angle of its position.
  void rotated(Step source) {
    RopeOptions options = checked(*facts_.rotary);
    const std::size_t d = at_.back(), r = options.rotary_dim;
    if (d >= r) return copy_of(cell(source, at_));
    const bool half = options.pairing == RotaryPairing::half_split;
    const bool first = half ? d < r / 2 : d % 2 == 0;
    Index partner = at_;
    partner.back() = half ? (first ? d + r / 2 : d - r / 2) : (first ? d + 1 : d - 1);
    options.offset += at_[2];
    const RopeTables<double> angle = rope_tables<double>(1, options);
    const double cosine = angle.cos(0, d), sine = angle.sin(0, d) * (first ? -1 : 1);
    result_.rule = "own · cos + partner · " + std::string(first ? "(-sin)" : "sin") + ", at position " + std::to_string(options.offset);
    const double own = at(source, at_), other = at(source, partner);
    equation(cell(source, at_) + " · cos + " + cell(source, partner) + " · " + (first ? "(-sin)" : "sin"),
             text(own) + " · " + text(cosine) + " + " + text(other) + " · " + text(sine), sum(product(own, cosine), product(other, sine)));
  }

  void from_cache(Step past, Step now) {
    Index from = at_;
    const std::size_t past_len = get(past).tensor.shape()[2];
    const bool cached = at_[2] < past_len;
    if (!cached) from[2] -= past_len;
    copy_of(cell(cached ? past : now, from));
  }

  Step queries() const { return first_present({Step::q_rot, Step::q}); }
  Step keys() const { return first_present({Step::present_key, Step::k_rot, Step::k}); }
  Step values() const { return first_present({Step::present_value, Step::v}); }
  std::size_t kv_head() const { return at_[1] / (trace_.sizes.heads / trace_.sizes.kv_heads); }

  void raw_score() {
    result_.rule = "sum over d of " + get(queries()).name + "[…,d] · " + get(keys()).name + "[…,d]";
    for (std::size_t d = 0; d < trace_.sizes.head_dim; ++d) {
      add_product(queries(), {at_[0], at_[1], at_[2], d}, keys(), {at_[0], kv_head(), at_[3], d});
    }
  }

  void scaled() {
    result_.rule = "scores_raw · scale";
    const double raw = at(Step::scores_raw, at_);
    equation(cell(Step::scores_raw, at_) + " · scale", text(raw) + " · " + text(facts_.scale),
             product(raw, facts_.scale));
  }

  void capped() {
    const double cap = *facts_.softcap, score = at(Step::scores_scaled, at_);
    result_.rule = "c · tanh(scores_scaled / c)";
    const double value = trace_.precision == Precision::float32
                             ? static_cast<float>(cap) * std::tanh(static_cast<float>(score) / static_cast<float>(cap))
                             : cap * std::tanh(score / cap);
    equation("c · tanh(" + cell(Step::scores_scaled, at_) + " / c)",
             text(cap) + " · tanh(" + text(score) + " / " + text(cap) + ")", value);
  }

  // Which rules forbid the key of this cell, in a run that has rules.
  MaskVerdict<double> name_the_mask() {
    if (!facts_.verdict) return {};
    const MaskVerdict<double> verdict = facts_.verdict(at_[0], at_[1], at_[2], at_[3]);
    result_.mask = CellMask{verdict.causal, verdict.padding, verdict.window, verdict.given};
    return verdict;
  }

  void masked_by() {
    const MaskVerdict<double> verdict = name_the_mask();
    result_.rule = verdict.forbidden() ? "a rule forbids this key" : "no rule forbids this key";
  }

  void masked() {
    const Step source = first_present({Step::scores_capped, Step::scores_scaled});
    if (!trace_.find(Step::mask)) return copy_of(cell(source, at_));
    masked_by();
    const double score = at(source, at_), added = at(Step::mask, at_);
    if (added == -std::numeric_limits<double>::infinity()) {
      result_.lines.push_back(result_.cell + " = fill = " + text(facts_.mask_fill));
    } else {
      equation(cell(source, at_) + " + " + cell(Step::mask, at_), text(score) + " + " + text(added),
               sum(score, added));
    }
  }

  Index row_of(std::size_t key) const {
    Index index = at_;
    index.back() = key;
    return index;
  }

  double max_of_row() const {
    double max = -std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < trace_.sizes.key_len; ++j) max = std::max(max, at(Step::scores_masked, row_of(j)));
    return max;
  }

  double exp_of(double score, double max) const {
    return trace_.precision == Precision::float32
               ? static_cast<double>(std::exp(static_cast<float>(score) - static_cast<float>(max)))
               : std::exp(score - max);
  }

  void row_max() {
    if (follows_policy()) return;
    result_.rule = "max over j of scores_masked[…,j]";
    for (std::size_t j = 0; j < trace_.sizes.key_len; ++j) {
      const double score = at(Step::scores_masked, row_of(j));
      result_.lines.push_back(cell(Step::scores_masked, row_of(j)) + " = " + text(score));
    }
    result_.recomputed = max_of_row();
  }

  // The exponentials of the row, as the terms of their sum.
  void exponentials() {
    const double max = max_of_row();
    result_.lines.push_back("max = " + text(max));
    for (std::size_t j = 0; j < trace_.sizes.key_len; ++j) {
      const double score = at(Step::scores_masked, row_of(j));
      CellTerm term{"exp(" + cell(Step::scores_masked, row_of(j)) + " - max)", "", score, 0, exp_of(score, max), 0};
      add(term);
    }
    result_.lines.push_back("sum = " + text(sum_));
  }

  // A row with nothing to distribute follows a policy, not the formula.
  bool follows_policy() {
    if (!facts_.masked_rows_replaced || !trace_.find(Step::mask)) return false;
    for (std::size_t j = 0; j < trace_.sizes.key_len; ++j) {
      if (at(Step::mask, row_of(j)) != -std::numeric_limits<double>::infinity()) return false;
    }
    result_.rule = "every key of this row is forbidden; its weights follow --masked-rows";
    return true;
  }

  void exponential() {
    if (follows_policy()) return;
    result_.rule = "exp(scores_masked - max)";
    const double max = max_of_row(), score = at(Step::scores_masked, at_);
    equation("exp(" + cell(Step::scores_masked, at_) + " - max)", "exp(" + text(score) + " - " + text(max) + ")",
             exp_of(score, max));
  }

  void row_sum() {
    if (follows_policy()) return;
    result_.rule = "sum over j of exp(scores_masked[…,j] - max)";
    exponentials();
    result_.recomputed = sum_;
  }

  void weight() {
    name_the_mask();
    if (follows_policy()) return;
    result_.rule = "exp(scores_masked - max) / sum";
    exponentials();
    const double own = result_.terms[at_.back()].value;
    equation(result_.terms[at_.back()].left + " / sum", text(own) + " / " + text(sum_), quotient(own, sum_));
  }

  void dropped() {
    const double weight = at(Step::weights, at_);
    if (result_.value == 0) {
      result_.rule = weight == 0 ? "zero before dropout, and after it" : "dropped";
      return;
    }
    result_.rule = "kept, times 1 / (1 - p)";
    result_.lines.push_back(result_.cell + " = " + cell(Step::weights, at_) + " · (1 / (1 - p)) = " + text(weight) +
                            " · (1 / (1 - " + text(facts_.dropout_p) + ")) = " + text(result_.value));
  }

  Step used_weights() const { return first_present({Step::weights_dropped, Step::weights}); }

  void averaged() {
    result_.rule = "sum over heads / H";
    for (std::size_t h = 0; h < trace_.sizes.heads; ++h) add_number(used_weights(), {at_[0], h, at_[1], at_[2]});
    const double heads = static_cast<double>(trace_.sizes.heads);
    equation("sum / H", text(sum_) + " / " + text(heads), quotient(sum_, heads));
  }

  void head() {
    result_.rule = "sum over j of " + get(used_weights()).name + "[…,j] · " + get(values()).name + "[…,j,…]";
    for (std::size_t j = 0; j < trace_.sizes.key_len; ++j) {
      add_product(used_weights(), {at_[0], at_[1], at_[2], j}, values(), {at_[0], kv_head(), j, at_[3]});
    }
  }

  void merged() {
    const std::size_t width = trace_.sizes.value_dim;
    copy_of(cell(Step::heads, {at_[0], at_[2] / width, at_[1], at_[2] % width}));
  }

  void output() {
    if (trace_.find(Step::w_o) || trace_.find(Step::b_o)) return linear(Step::merged, Step::w_o, Step::b_o);
    const std::size_t width = trace_.sizes.value_dim;
    Index from = at_;
    if (at_.size() == 2) from.insert(from.begin(), 0);
    if (at_.size() < 4) from = {from[0], from[2] / width, from[1], from[2] % width};
    copy_of(cell(Step::heads, from));
  }

};

}  // namespace

CellExplanation explain_cell(const Trace& trace, const AttentionFacts& facts, const CellAddress& address) {
  if (is_layer_step(address.step)) return explain_layer_cell(trace, facts, address);
  return Explainer(trace, facts, address).explain();
}

}  // namespace attn
