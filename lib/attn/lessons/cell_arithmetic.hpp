// The arithmetic of one cell, in the precision of its run: what the explanations of attention and of layers
// share.
#pragma once

#include <attn/lessons/cell.hpp>
#include <attn/render/number.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace attn {

/// "scores_raw[0,1,2,3]"
inline std::string cell_label(const std::string& name, const std::vector<std::size_t>& index) {
  std::string text = name + "[";
  for (std::size_t axis = 0; axis < index.size(); ++axis) {
    if (axis > 0) text += ",";
    text += std::to_string(index[axis]);
  }
  return text + "]";
}

/// Follows the arithmetic of one run: every intermediate result is rounded to the run's precision.
class CellArithmetic {
 public:
  CellArithmetic(const Trace& trace, const AttentionFacts& facts, const CellAddress& address)
      : trace_(trace), facts_(facts), step_(address.step), at_(address.index) {
    result_.cell = cell_label(get(step_).name, at_);
    result_.value = at(step_, at_);
    result_.recomputed = result_.value;
  }

 protected:
  using Index = std::vector<std::size_t>;

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

  std::string text(double number) const {
    return trace_.precision == Precision::float32 ? render::number_text(static_cast<float>(number))
                                                  : render::number_text(number);
  }
  std::string cell(Step step, const Index& index) const { return cell_label(get(step).name, index); }
  double at(Step step, const Index& index) const {
    const TraceEntry& entry = get(step);
    std::size_t flat = 0;
    for (std::size_t axis = 0; axis < index.size(); ++axis) flat = flat * entry.tensor.shape()[axis] + index[axis];
    return entry.tensor[flat];
  }

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
    term.value = product(term.left_value, term.right_value);
    add(term);
  }

  // Both in the precision of the run. Written as float arithmetic, not as rounding of double arithmetic:
  // the latter is left out by some optimisers.
  double product(double left, double right) const {
    if (trace_.precision == Precision::float64) return left * right;
    return static_cast<double>(static_cast<float>(left) * static_cast<float>(right));
  }
  double quotient(double left, double right) const {
    if (trace_.precision == Precision::float64) return left / right;
    return static_cast<double>(static_cast<float>(left) / static_cast<float>(right));
  }
  double sum(double left, double right) const {
    if (trace_.precision == Precision::float64) return left + right;
    return static_cast<double>(static_cast<float>(left) + static_cast<float>(right));
  }

  void add(CellTerm& term) {
    sum_ = sum(sum_, term.value);
    term.running_sum = sum_;
    result_.terms.push_back(term);
    result_.recomputed = sum_;
  }

  void add_number(Step source, const Index& index) {
    CellTerm term{cell(source, index), "", at(source, index), 0, at(source, index), 0};
    add(term);
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
      result_.rule = "sum over e of " + get(source).name + "[…,e] · " + get(w).name + "[e," +
                     std::to_string(column) + "]";
      for (std::size_t e = 0; e < get(w).tensor.shape()[0]; ++e) {
        row.back() = e;
        add_product(source, row, w, {e, column});
      }
    }
    if (trace_.find(b)) add_number(b, {column});
  }

  const Trace& trace_;
  const AttentionFacts& facts_;
  Step step_;
  Index at_;
  double sum_ = 0;
  CellExplanation result_;
};

}  // namespace attn
