#include "checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// `key` is the entry "check.…" of the lesson files.
render::Check check(const NoteContext& context, const std::string& key, bool passed, lessons::Placeholders found) {
  lessons::Placeholders values = context.values;
  for (auto& [name, value] : found) values[name] = value;
  return {lessons::lesson(context.command.output.language).note("check", key, values).value_or(key), passed};
}

std::string size_of(double deviation) { return fmt::format("{:.1e}", deviation); }

// "weights[0,1,2]": the row of a tensor of rank ≥ 1 whose number it is, counting all rows.
std::string row_name(Step step, const Shape& shape, std::size_t row) {
  std::string index;
  for (std::size_t axis = shape.size() - 1; axis-- > 0;) {
    index = std::to_string(row % shape[axis]) + (index.empty() ? "" : ",") + index;
    row /= shape[axis];
  }
  return std::string(name_of(step)) + "[" + index + "]";
}

double epsilon(const Trace& trace) {
  return trace.precision == Precision::float64 ? std::numeric_limits<double>::epsilon()
                                               : static_cast<double>(std::numeric_limits<float>::epsilon());
}

// The mask, if its cells are those of the weights; a mistake may give one map for all heads.
const TraceEntry* mask_of(const TensorView& weights, const Trace& trace) {
  const TraceEntry* mask = trace.find(Step::mask);
  return mask && mask->tensor.shape() == weights.shape() ? mask : nullptr;
}

// Rows that distribute nothing sum to zero, and are left to their own note.
void check_row_sums(const TensorView& weights, const NoteContext& context, std::vector<render::Check>& checks) {
  const std::size_t keys = weights.shape().back();
  const TraceEntry* mask = mask_of(weights, context.result.trace);
  double deviation = 0;
  std::size_t worst = 0, seeing = 0, blind = 0;
  for (std::size_t row = 0; keys > 0 && row < weights.size() / keys; ++row) {
    double sum = 0;
    bool visible = !mask || !context.result.facts.masked_rows_replaced;
    for (std::size_t j = 0; j < keys; ++j) {
      sum += weights[row * keys + j];
      visible = visible || mask->tensor[row * keys + j] != -infinity;
    }
    ++(visible ? seeing : blind);
    const double off = std::abs(sum - 1);
    if (!visible || std::isnan(deviation) || off <= deviation) continue;
    deviation = off;  // NaN is the largest, and stays
    worst = row;
  }
  if (seeing == 0) return;
  const bool passed = deviation <= static_cast<double>(keys) * epsilon(context.result.trace);
  const char* key = !passed ? (std::isnan(deviation) ? "rows_sum_to_one.nan" : "rows_sum_to_one.failed")
                            : (blind > 0 ? "rows_sum_to_one.some_blind" : "rows_sum_to_one");
  checks.push_back(check(context, key, passed,
                         {{"deviation", size_of(deviation)},
                          {"row", row_name(Step::weights, weights.shape(), worst)},
                          {"count", std::to_string(blind)}}));
}

void check_forbidden(const TensorView& weights, const NoteContext& context, std::vector<render::Check>& checks) {
  const TraceEntry* mask = mask_of(weights, context.result.trace);
  if (!mask || context.fully_masked_rows > 0 || !context.some_forbidden) return;
  std::size_t leaks = 0;
  double largest = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (mask->tensor[i] != -infinity || weights[i] == 0) continue;
    ++leaks;
    largest = std::max(largest, weights[i]);
  }
  checks.push_back(check(context, leaks == 0 ? "masked_weights_zero" : "masked_weights_zero.failed", leaks == 0,
                         {{"count", std::to_string(leaks)}, {"deviation", size_of(largest)}}));
}

// Dropout scales kept weights up, so its averages may leave the range of the values.
void check_average(const TensorView& heads, const NoteContext& context, std::vector<render::Check>& checks) {
  if (context.has(Step::weights_dropped) || context.fully_masked_rows > 0) return;
  const Trace& trace = context.result.trace;
  const TraceEntry* present = trace.find(Step::present_value);
  const TensorView& values = (present ? present : trace.find(Step::v))->tensor;
  const Sizes& s = context.sizes;
  std::size_t outside = 0, undefined = 0;
  double worst = 0;
  for (std::size_t slice = 0; slice < s.batch * s.heads; ++slice) {
    const std::size_t kv = slice / s.heads * s.kv_heads + slice % s.heads / (s.heads / s.kv_heads);
    for (std::size_t c = 0; c < s.value_dim; ++c) {
      double low = infinity, high = -infinity;
      for (std::size_t j = 0; j < s.key_len; ++j) {
        const double value = values[(kv * s.key_len + j) * s.value_dim + c];
        low = std::min(low, value);
        high = std::max(high, value);
      }
      const double slack = static_cast<double>(s.key_len + 1) * epsilon(trace) * std::max(std::abs(low), std::abs(high));
      for (std::size_t i = 0; i < s.query_len; ++i) {
        const double head = heads[(slice * s.query_len + i) * s.value_dim + c];
        if (head >= low - slack && head <= high + slack) continue;
        undefined += std::isnan(head);
        ++outside;
        worst = std::max({worst, head - high, low - head});
      }
    }
  }
  const char* key = undefined > 0 ? "average_of_values.nan" : outside > 0 ? "average_of_values.failed" : "average_of_values";
  checks.push_back(check(context, key, outside == 0,
                         {{"count", std::to_string(undefined > 0 ? undefined : outside)}, {"deviation", size_of(worst)}}));
}

void check_shape_kept(const TensorView& output, const NoteContext& context, std::vector<render::Check>& checks) {
  const TraceEntry* x = context.result.trace.find(Step::x);
  if (!x || !context.has(Step::w_o) || output.rank() != x->tensor.rank()) return;
  const bool kept = output.shape() == x->tensor.shape();
  checks.push_back(check(context, kept ? "shape_kept" : "shape_kept.failed", kept,
                         {{"found", to_string(output.shape())}, {"expected", to_string(x->tensor.shape())}}));
}

}  // namespace

std::vector<render::Check> checks_of(const TraceEntry& entry, const NoteContext& context) {
  // A mistake made on purpose may change shapes that the checks rely on.
  if (!context.command.verify.mistakes.empty()) return {};
  using Checker = void (*)(const TensorView&, const NoteContext&, std::vector<render::Check>&);
  static const std::pair<Step, Checker> table[] = {
      {Step::weights, check_row_sums},
      {Step::weights, check_forbidden},
      {Step::heads, check_average},
      {Step::output, check_shape_kept},
  };
  std::vector<render::Check> checks;
  for (const auto& [step, checker] : table) {
    if (step == entry.step) checker(entry.tensor, context, checks);
  }
  return checks;
}

}  // namespace attn::tools
