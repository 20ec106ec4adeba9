// Runs a module on axes instead of numbers: every operation checks its operands, and adds one row.
#pragma once

#include <attn/shapes/axes.hpp>
#include <attn/shapes/step_name.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace attn::shapes {

/// One line of a trace.
struct ShapeRow {
  std::string step;       ///< "scores_scaled"; inside a layer a dotted path: "encoder.0.self.scores_scaled"
  std::string operation;  ///< as the framework writes it: "view(Lq, B·H, D)"
  Axes axes;              ///< of the result
  std::size_t parameters = 0;  ///< learned numbers the operation uses
  /// Arithmetic: a multiply-add is 2; a bias adds 1 an element; softmax is 5 an element (maximum, subtract,
  /// exp, sum, divide), a layer norm 8 (mean, subtract, square, sum, divide, scale, shift, add).
  std::size_t operations = 0;
  std::size_t bytes = 0;  ///< new memory of the result; 0 for a view, which shares its operand's
  std::string reason;     ///< key of the sentence that says why: "fold_heads_view"
};

using ShapeTrace = std::vector<ShapeRow>;

/// The numbers of several rows together.
struct ShapeTotals {
  std::size_t parameters = 0, operations = 0, bytes = 0;
};
/// Throws LimitError when one of the sums does not fit 63 bits.
ShapeTotals totals(const ShapeTrace& rows);

/// Every operation takes the step it makes and the key of the sentence that says why its shape is what it is:
/// without one, the name of the step.
class Tracer {
 public:
  explicit Tracer(std::size_t element_bytes) : element_bytes_(element_bytes) {}

  /// Puts "encoder.0." before the names of the steps that follow.
  void enter(std::string prefix) { prefix_ = std::move(prefix); }
  const std::string& prefix() const { return prefix_; }

  Axes input(StepName step, Axes axes, std::string_view reason = {});
  /// y = x·Wᵀ + b over the last axis.
  Axes linear(StepName step, const Axes& x, const Axis& out, bool bias, std::string_view reason = {});
  /// The same elements under other axes; `copies` where the framework has to move them first.
  Axes view(StepName step, const Axes& x, Axes axes, std::string_view reason, bool copies = false);
  Axes transpose(StepName step, const Axes& x, std::size_t a, std::size_t b, std::string_view reason);
  /// A part of the last axis.
  Axes chunk(StepName step, const Axes& x, std::size_t parts, const Axis& last, std::string_view reason);
  Axes append(StepName step, const Axes& x, std::size_t axis, std::size_t count, std::size_t parameters,
              std::string_view reason);
  /// Every head repeated `times` times in a row (repeat_interleave).
  Axes repeat(StepName step, const Axes& x, std::size_t axis, std::size_t times, const Axis& result,
              std::string_view reason);
  /// Matrix product over the last two axes; the axes before them are equal.
  Axes matmul(StepName step, std::string_view operation, const Axes& a, const Axes& b,
              std::string_view reason = {});
  Axes each(StepName step, std::string_view operation, const Axes& x, std::size_t operations_an_element,
            std::string_view reason = {}, std::size_t parameters = 0);
  Axes mean_over(StepName step, const Axes& x, std::size_t axis, std::string_view reason);
  Axes embedding(StepName step, const Axes& tokens, const Axis& rows, const Axis& width,
                 std::string_view reason = {});
  /// A row that stands for `count` layers equal to the rows from `first` to `last`.
  void repeat_rows(std::string step, std::size_t first, std::size_t last, std::size_t count,
                   std::string_view reason);

  std::size_t row_count() const { return rows_.size(); }
  ShapeTrace take() { return std::move(rows_); }

 private:
  Axes add(StepName step, std::string operation, Axes axes, std::size_t parameters,
           std::size_t operations, bool allocates, std::string_view reason);

  std::size_t element_bytes_;
  std::string prefix_;
  ShapeTrace rows_;
};

}  // namespace attn::shapes
