#include <attn/shapes/tracer.hpp>

#include <algorithm>
#include <stdexcept>

namespace attn::shapes {
namespace {

std::string arguments(const Axes& axes) {
  std::string text;
  for (const Axis& axis : axes) text += (text.empty() ? "" : ", ") + axis.symbol;
  return text;
}

void require(bool holds, StepName step) {
  if (!holds) throw std::logic_error("the trace of step " + std::string(step.text()) + " contradicts itself");
}

}  // namespace

ShapeTotals totals(const ShapeTrace& rows) {
  ShapeTotals total;
  for (const ShapeRow& row : rows) {
    total.parameters = sum({total.parameters, row.parameters});
    total.operations = sum({total.operations, row.operations});
    total.bytes = sum({total.bytes, row.bytes});
  }
  return total;
}

Axes Tracer::add(StepName step, std::string operation, Axes axes, std::size_t parameters,
                 std::size_t operations, bool allocates, std::string_view reason) {
  const std::size_t bytes = product({elements(axes), element_bytes_});
  rows_.push_back({prefix_ + std::string(step.text()), std::move(operation), axes, parameters, operations,
                   allocates ? bytes : 0, std::string(reason.empty() ? step.text() : reason)});
  return axes;
}

Axes Tracer::input(StepName step, Axes axes, std::string_view reason) {
  return add(step, "input", std::move(axes), 0, 0, true, reason);
}

Axes Tracer::linear(StepName step, const Axes& x, const Axis& out, bool bias, std::string_view reason) {
  const Axis& in = x.back();
  Axes y = x;
  y.back() = out;
  const std::size_t rows = elements(y);
  const std::size_t operations = sum({product({2, rows, in.size}), bias ? rows : 0});
  return add(step, "linear(" + in.symbol + " → " + out.symbol + ")", y,
             sum({product({in.size, out.size}), bias ? out.size : 0}), operations, true, reason);
}

Axes Tracer::view(StepName step, const Axes& x, Axes axes, std::string_view reason, bool copies) {
  require(elements(x) == elements(axes), step);
  std::string operation = (copies ? "reshape(" : "view(") + arguments(axes) + ")";
  return add(step, std::move(operation), std::move(axes), 0, 0, copies, reason);
}

Axes Tracer::transpose(StepName step, const Axes& x, std::size_t a, std::size_t b,
                       std::string_view reason) {
  require(a < x.size() && b < x.size(), step);
  Axes y = x;
  std::swap(y[a], y[b]);
  return add(step, "transpose(" + std::to_string(a) + ", " + std::to_string(b) + ")", y, 0, 0, false, reason);
}

Axes Tracer::chunk(StepName step, const Axes& x, std::size_t parts, const Axis& last,
                   std::string_view reason) {
  require(x.back().size == parts * last.size, step);
  Axes y = x;
  y.back() = last;
  return add(step, "chunk(" + std::to_string(parts) + ")", y, 0, 0, false, reason);
}

Axes Tracer::append(StepName step, const Axes& x, std::size_t axis, std::size_t count,
                    std::size_t parameters, std::string_view reason) {
  Axes y = x;
  y[axis] = y[axis] + count;
  return add(step, "cat(axis " + std::to_string(axis) + ", +" + std::to_string(count) + ")", y, parameters, 0,
             true, reason);
}

Axes Tracer::repeat(StepName step, const Axes& x, std::size_t axis, std::size_t times,
                    const Axis& result, std::string_view reason) {
  require(x[axis].size * times == result.size, step);
  Axes y = x;
  y[axis] = result;
  return add(step, "repeat_interleave(" + std::to_string(times) + ")", y, 0, 0, true, reason);
}

Axes Tracer::matmul(StepName step, std::string_view operation, const Axes& a, const Axes& b,
                    std::string_view reason) {
  const std::size_t rank = a.size();
  require(rank >= 2 && b.size() == rank && a[rank - 1].size == b[rank - 2].size, step);
  for (std::size_t i = 0; i + 2 < rank; ++i) require(a[i].size == b[i].size, step);
  Axes y = a;
  y.back() = b.back();
  return add(step, std::string(operation), y, 0, product({2, elements(y), a.back().size}), true, reason);
}

Axes Tracer::each(StepName step, std::string_view operation, const Axes& x,
                  std::size_t operations_an_element, std::string_view reason, std::size_t parameters) {
  return add(step, std::string(operation), x, parameters, product({elements(x), operations_an_element}), true,
             reason);
}

Axes Tracer::mean_over(StepName step, const Axes& x, std::size_t axis, std::string_view reason) {
  Axes y = x;
  y.erase(y.begin() + static_cast<std::ptrdiff_t>(axis));
  return add(step, "mean(axis " + std::to_string(axis) + ")", y, 0, elements(x), true, reason);
}

Axes Tracer::embedding(StepName step, const Axes& tokens, const Axis& rows, const Axis& width,
                       std::string_view reason) {
  Axes y = tokens;
  y.push_back(width);
  return add(step, "embedding(" + rows.symbol + ", " + width.symbol + ")", y, product({rows.size, width.size}),
             0, true, reason);
}

void Tracer::repeat_rows(std::string step, std::size_t first, std::size_t last, std::size_t count,
                         std::string_view reason) {
  const auto at = [this](std::size_t index) { return rows_.begin() + static_cast<std::ptrdiff_t>(index); };
  const ShapeTotals once = totals(ShapeTrace(at(first), at(last)));
  rows_.push_back({std::move(step), std::to_string(count) + " ×", rows_[last - 1].axes, product({once.parameters, count}),
                   product({once.operations, count}), product({once.bytes, count}), std::string(reason)});
}

}  // namespace attn::shapes
