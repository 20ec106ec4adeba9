#include <attn/verify/linear_image.hpp>
#include <attn/verify/padding.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace attn {
namespace {

using Column = std::vector<double>;

double dot(const Column& a, const Column& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

double largest(const Column& column) {
  double found = 0;
  for (const double value : column) found = std::max(found, std::abs(value));
  return found;
}

// What columns span, as orthogonal ones (Gram and Schmidt, each time twice: once leaves the rounding of large parts).
class Span {
 public:
  void add(Column column) {
    constexpr double rounding = 1e-9;  // a column that is less beside the others is one of theirs
    const double before = std::sqrt(dot(column, column));
    take_out(column);
    const double left = std::sqrt(dot(column, column));
    if (left <= rounding * before) return;
    for (double& value : column) value /= left;
    basis_.push_back(std::move(column));
  }

  /// Leaves of a column what the span does not have.
  void take_out(Column& column) const {
    for (int time = 0; time < 2; ++time) {
      for (const Column& direction : basis_) {
        const double along = dot(direction, column);
        for (std::size_t row = 0; row < column.size(); ++row) column[row] -= along * direction[row];
      }
    }
  }

 private:
  std::vector<Column> basis_;
};

// The heads of a step, each as columns over all positions of all samples that are no padding.
class Heads {
 public:
  Heads(const Problem<double>& problem, Step step)
      : split_(step == Step::q || step == Step::k || step == Step::v),
        heads_(step == Step::q || step == Step::q_proj ? problem.sizes.heads : problem.sizes.kv_heads),
        shape_(step_shapes(problem).at(step)) {
    const Tensor<double> ones = filled<double>(shape_, 1.0);
    padding_ = with_padding_of(problem, step, filled<double>(shape_, 0.0), &ones);
  }

  std::size_t count() const { return heads_; }

  std::vector<Column> columns(const Tensor<double>& tensor, std::size_t head) const {
    const std::size_t length = shape_[split_ ? 2 : 1], width = split_ ? shape_[3] : shape_[2] / heads_;
    std::vector<Column> columns(width);
    for (std::size_t b = 0; b < shape_[0]; ++b) {
      for (std::size_t row = 0; row < length; ++row) {
        const std::size_t first = (split_ ? (b * heads_ + head) * length + row : (b * length + row) * heads_ + head) * width;
        if (padding_ && padding_->data()[first] != 0) continue;
        for (std::size_t d = 0; d < width; ++d) columns[d].push_back(tensor.data()[first + d]);
      }
    }
    return columns;
  }

 private:
  const bool split_;
  const std::size_t heads_;
  const Shape shape_;
  std::optional<Tensor<double>> padding_;
};

bool lie_in(const Span& span, const std::vector<Column>& columns) {
  constexpr double rounding = 1e-5;  // of sums of float32 numbers
  double size = 0;
  for (const Column& column : columns) size = std::max(size, largest(column));
  return std::all_of(columns.begin(), columns.end(), [&](Column column) {
    span.take_out(column);
    return largest(column) <= rounding * size;
  });
}

}  // namespace

bool are_linear_images(const Problem<double>& problem, Step step, const Tensor<double>& ours, const Tensor<double>& theirs) {
  const Heads heads(problem, step);
  std::vector<Span> spans(heads.count());
  for (std::size_t head = 0; head < heads.count(); ++head) {
    std::vector<Column> columns = heads.columns(ours, head);
    if (!columns.empty()) spans[head].add(Column(columns.front().size(), 1.0));
    for (Column& column : columns) spans[head].add(std::move(column));
  }
  for (std::size_t head = 0; head < heads.count(); ++head) {
    const std::vector<Column> columns = heads.columns(theirs, head);
    // Its own head as a rule; other weights may have them in another order.
    const bool found = lie_in(spans[head], columns) || std::any_of(spans.begin(), spans.end(), [&](const Span& span) { return lie_in(span, columns); });
    if (!found) return false;
  }
  return true;
}

}  // namespace attn
