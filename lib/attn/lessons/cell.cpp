#include <attn/lessons/cell.hpp>
#include <attn/render/number.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

namespace attn {
namespace {

using Index = std::vector<std::size_t>;

std::string label(const std::string& name, const Index& index) {
  std::string text = name + "[";
  for (std::size_t axis = 0; axis < index.size(); ++axis) {
    if (axis > 0) text += ",";
    text += std::to_string(index[axis]);
  }
  return text + "]";
}

double element(const TraceEntry& entry, const Index& index) {
  std::size_t flat = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) flat = flat * entry.tensor.shape()[axis] + index[axis];
  return entry.tensor[flat];
}

// Follows the arithmetic of one run: every intermediate result is rounded to the run's precision.
class Explainer {
 public:
  Explainer(const Trace& trace, const AttentionFacts& facts, const CellAddress& address)
      : trace_(trace), facts_(facts), step_(address.step), at_(address.index) {
    const TraceEntry& entry = get(step_);
    result_.cell = label(entry.name, at_);
    result_.value = element(entry, at_);
    result_.recomputed = result_.value;
  }

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
        {Step::present_key, [](E& e) { e.from_cache(Step::past_key, Step::k); }},
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

  const TraceEntry& get(Step step) const {
    const TraceEntry* entry = trace_.find(step);
    if (!entry) throw std::logic_error("the trace has no " + std::string(name_of(step)));
    return *entry;
  }

  Step first_present(const std::vector<Step>& steps) const {
    for (const Step step : steps) {
      if (trace_.find(step)) return step;
    }
    return step_;
  }

  double rounded(double number) const {
    return trace_.precision == Precision::float32 ? static_cast<double>(static_cast<float>(number)) : number;
  }
  std::string text(double number) const {
    return trace_.precision == Precision::float32 ? render::number_text(static_cast<float>(number))
                                                  : render::number_text(number);
  }
  static std::string cell(Step step, const Index& index) { return label(std::string(name_of(step)), index); }
  double at(Step step, const Index& index) const { return element(get(step), index); }

  void equation(const std::string& formula, const std::string& numbers, double value) {
    result_.lines.push_back(result_.cell + " = " + formula + " = " + numbers + " = " + text(value));
    result_.recomputed = value;
  }

  void copy_of(const std::string& source) {
    result_.rule = "a copy of " + source;
    result_.lines.push_back(result_.cell + " = " + source + " = " + text(result_.value));
  }

  // Adds left·right to the sum; in float32 the product of two floats is exact in double, then rounded.
  void add_product(Step left, const Index& left_at, Step right, const Index& right_at) {
    CellTerm term{cell(left, left_at), cell(right, right_at), at(left, left_at), at(right, right_at), 0, 0};
    term.value = rounded(term.left_value * term.right_value);
    sum_ = rounded(sum_ + term.value);
    term.running_sum = sum_;
    result_.terms.push_back(term);
    result_.recomputed = sum_;
  }

  void add_number(Step source, const Index& index) {
    CellTerm term{cell(source, index), "", at(source, index), 0, at(source, index), 0};
    sum_ = rounded(sum_ + term.value);
    term.running_sum = sum_;
    result_.terms.push_back(term);
    result_.recomputed = sum_;
  }

  // Row [.., e] of the source times column c of w [in, out], plus the bias.
  void linear(Step source, Step w, Step b) {
    const std::size_t column = at_.back();
    Index row = at_;
    // A source of rank 3 under an output of rank 2 (an input without a batch axis).
    if (row.size() + 1 == get(source).tensor.rank()) row.insert(row.begin(), 0);
    if (!trace_.find(w)) {
      result_.rule = cell(source, row) + " plus its bias";
      add_number(source, row);
    } else {
      result_.rule = "sum over e of " + std::string(name_of(source)) + "[…,e] · " + std::string(name_of(w)) + "[e," +
                     std::to_string(column) + "]";
      for (std::size_t e = 0; e < get(w).tensor.shape()[0]; ++e) {
        row.back() = e;
        add_product(source, row, w, {e, column});
      }
    }
    if (trace_.find(b)) add_number(b, {column});
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

  void from_cache(Step past, Step now) {
    Index from = at_;
    const std::size_t past_len = get(past).tensor.shape()[2];
    const bool cached = at_[2] < past_len;
    if (!cached) from[2] -= past_len;
    copy_of(cell(cached ? past : now, from));
  }

  Step keys() const { return first_present({Step::present_key, Step::k}); }
  Step values() const { return first_present({Step::present_value, Step::v}); }
  std::size_t kv_head() const { return at_[1] / (trace_.sizes.heads / trace_.sizes.kv_heads); }

  void raw_score() {
    result_.rule = "sum over d of " + std::string("q[…,d] · ") + std::string(name_of(keys())) + "[…,d]";
    for (std::size_t d = 0; d < trace_.sizes.head_dim; ++d) {
      add_product(Step::q, {at_[0], at_[1], at_[2], d}, keys(), {at_[0], kv_head(), at_[3], d});
    }
  }

  void scaled() {
    result_.rule = "scores_raw · scale";
    const double raw = at(Step::scores_raw, at_);
    equation(cell(Step::scores_raw, at_) + " · scale", text(raw) + " · " + text(facts_.scale),
             rounded(raw * facts_.scale));
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
               rounded(score + added));
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
      sum_ = rounded(sum_ + term.value);
      term.running_sum = sum_;
      result_.terms.push_back(term);
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
    equation(result_.terms[at_.back()].left + " / sum", text(own) + " / " + text(sum_), rounded(own / sum_));
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
    equation("sum / H", text(sum_) + " / " + text(heads), rounded(sum_ / heads));
  }

  void head() {
    result_.rule = "sum over j of " + std::string(name_of(used_weights())) + "[…,j] · " +
                   std::string(name_of(values())) + "[…,j,…]";
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

  const Trace& trace_;
  const AttentionFacts& facts_;
  Step step_;
  Index at_;
  double sum_ = 0;
  CellExplanation result_;
};

}  // namespace

CellExplanation explain_cell(const Trace& trace, const AttentionFacts& facts, const CellAddress& address) {
  return Explainer(trace, facts, address).explain();
}

}  // namespace attn
