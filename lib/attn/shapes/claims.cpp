#include <attn/shapes/claims.hpp>

#include <attn/shapes/fitted.hpp>
#include <attn/shapes/one_of.hpp>
#include <attn/shapes/program.hpp>
#include <attn/shapes/trace.hpp>
#include <attn/steps.hpp>

#include <algorithm>

namespace attn::shapes {
namespace {

std::string text(std::size_t number) { return std::to_string(number); }

bool is_same(const Finding& a, const Finding& b) { return a.rule == b.rule && a.subject == b.subject && a.values == b.values; }

void add_once(std::vector<Finding>& findings, Finding finding) {
  const bool known = std::any_of(findings.begin(), findings.end(), [&](const Finding& other) { return is_same(finding, other); });
  if (!known) findings.push_back(std::move(finding));
}

bool sizes_known(const CheckedCall& checked) { return checked.config.d_model > 0 && checked.config.heads > 0; }

/// What comes out is always as long as the query and as wide as the module, whatever else contradicts.
void check_output(const CheckedCall& checked, bool call_is_consistent, std::vector<Finding>& findings) {
  if (!checked.output) return;
  const std::string result(name_of(Step::output));
  const Shape& claimed = *checked.output;
  const Shape& query = checked.call.query;
  const std::size_t width = checked.config.d_model;
  if (query.size() == 2 && claimed.size() == 3 && !call_is_consistent) {
    add_once(findings, {"batch_axis_missing", "input",
                        {{"found", to_string(query)}, {"expected", to_string(claimed)}, {"right", to_string({query[1], query[0]})},
                         {"Lq", text(query[0])}, {"E", text(query[1])}}});
  } else if (!query.empty() && query.size() != claimed.size()) {
    add_once(findings, {"output_rank", result,
                        {{"found", text(claimed.size())}, {"expected", text(query.size())}, {"list", to_string(claimed)}}});
  } else if (!query.empty()) {
    Shape expected = query;
    if (width > 0) expected.back() = width;
    const bool leading = std::equal(claimed.begin(), claimed.end() - 1, expected.begin());
    if (!leading || (call_is_consistent && claimed != expected)) {
      add_once(findings, {"output_shape", result, {{"found", to_string(claimed)}, {"expected", to_string(expected)}}});
      return;
    }
  }
  if (!claimed.empty() && width > 0 && claimed.back() != width) {
    add_once(findings, {"output_width", result,
                        {{"name", constructor_name(checked.config.impl, Role::d_model)}, {"found", text(claimed.back())},
                         {"expected", text(width)}, {"list", to_string(claimed)}}});
  }
}

void check_head_size(const CheckedCall& checked, const std::optional<std::size_t>& head_dim, std::vector<Finding>& findings) {
  if (!head_dim || !sizes_known(checked) || checked.config.impl == Impl::d2l || checked.config.impl == Impl::linear) return;
  const std::size_t found = checked.config.heads * *head_dim;
  if (found == checked.config.d_model) return;
  add_once(findings, {"head_product", "d_k",
                      {{"name", constructor_name(checked.config.impl, Role::d_model)}, {"E", text(checked.config.d_model)},
                       {"H", text(checked.config.heads)}, {"D", text(*head_dim)},
                       {"found", text(found)}, {"expected", text(checked.config.d_model / checked.config.heads)}}});
}

void check_order_of_axes(const CheckedCall& checked, bool batch_first_input, std::vector<Finding>& findings) {
  const bool torch_module = checked.config.impl == Impl::torch || checked.config.impl == Impl::encoder_layer ||
                            checked.config.impl == Impl::decoder_layer || checked.config.impl == Impl::transformer;
  const bool open = checked.open.count(Role::batch_first) != 0;
  if (!batch_first_input || !torch_module || checked.config.batch_first || open) return;
  const std::string name(impl_row(checked.config.impl).python);
  add_once(findings, {"sequence_first", name, {{"name", name}}});
}

/// What contradicts, whatever the arguments are that are left open. Those become what they have to be.
std::vector<Finding> contradictions_of(CheckedCall& checked) {
  CheckedCall other = checked;
  checked = fitted(checked);
  std::vector<Finding> found = find_contradictions(checked.config, checked.call);
  if (found.empty() || checked.open.count(Role::batch_first) == 0) return found;
  other.config.batch_first = true;
  other = fitted(other);
  const std::vector<Finding> with_batch_first = find_contradictions(other.config, other.call);
  if (with_batch_first.empty()) checked = other;
  const auto is_only_here = [&](const Finding& finding) {
    return std::none_of(with_batch_first.begin(), with_batch_first.end(), [&](const Finding& also) { return is_same(finding, also); });
  };
  found.erase(std::remove_if(found.begin(), found.end(), is_only_here), found.end());
  return found;
}

/// Whether a transpose too many may be why.
bool is_about_axes(const Finding& finding) { return is_one_of(finding.rule, {"rank", "no_batch", "rank_differs", "width"}); }

void check_call(CheckedCall& checked, const std::optional<std::size_t>& head_dim, bool batch_first_input,
                std::vector<Finding>& findings) {
  std::vector<Finding> found, of_output;
  if (sizes_known(checked)) found = contradictions_of(checked);
  check_output(checked, found.empty(), of_output);
  const bool of_input = std::any_of(found.begin(), found.end(), [](const Finding& finding) { return is_about_axes(finding); });
  if (checked.transposed && (of_input || !of_output.empty())) add_once(findings, *checked.transposed);
  for (const Finding& finding : found) add_once(findings, finding);
  check_head_size(checked, head_dim, findings);
  check_order_of_axes(checked, batch_first_input, findings);
  for (const Finding& finding : of_output) add_once(findings, finding);
}

/// Keras reads the width off its query.
void complete(CheckedCall& checked) {
  const bool keras = checked.api != nullptr && name_of(checked.api->constructor, Role::key_dim) == "key_dim";
  if (keras && checked.config.d_model == 0 && !checked.call.query.empty()) checked.config.d_model = checked.call.query.back();
}

void state(CheckedCall& checked, const StatedShapes& stated) {
  const auto give = [&checked](Role role, const std::optional<Shape>& shape, Shape ModuleCall::*argument) {
    if (!shape) return;
    checked.call.*argument = *shape;
    checked.open.erase(role);
  };
  give(Role::query, stated.input, &ModuleCall::query);
  give(Role::key, stated.key, &ModuleCall::key);
  give(Role::value, stated.value, &ModuleCall::value);
  if (stated.attn_mask) checked.call.attn_mask = stated.attn_mask;
  if (stated.key_padding_mask) checked.call.key_padding_mask = stated.key_padding_mask;
  if (stated.output) checked.output = stated.output;
  complete(checked);
}

/// The leading axes the user has in mind, and the width E.
Shape with_width(const CheckedCall& checked, std::size_t width) {
  const Shape& query = checked.call.query;
  Shape shape = checked.output && checked.output->size() >= query.size() ? *checked.output : query;
  if (shape.empty()) return {};
  shape.back() = width;
  return shape;
}

}  // namespace

CheckResult check_module(const ModuleConfig& config, const StatedShapes& stated) {
  CheckResult result;
  CheckedCall checked{config, {}, find_api(impl_row(config.impl).python)};
  state(checked, stated);
  check_call(checked, stated.head_dim, stated.batch_first_input, result.findings);
  result.calls.push_back(std::move(checked));
  return result;
}

CheckResult check_program(std::string_view source, const StatedShapes& stated) {
  Program program = run_program(source);
  CheckResult result;
  result.findings = std::move(program.findings);
  result.calls = std::move(program.calls);
  if (result.calls.empty()) return result;
  state(result.calls.back(), stated);
  const std::optional<std::size_t> head_dim = stated.head_dim ? stated.head_dim : program.head_dim;
  for (CheckedCall& checked : result.calls) {
    complete(checked);
    check_call(checked, head_dim, program.batch_first_input || stated.batch_first_input, result.findings);
  }
  return result;
}

std::vector<Alternative> nearest_consistent(const CheckedCall& checked) {
  const ModuleConfig& given = checked.config;
  std::vector<Alternative> found;
  if (!sizes_known(checked)) return found;
  const auto offer = [&](std::size_t d_model, std::size_t heads) {
    if (d_model == 0 || heads == 0 || d_model % heads != 0) return;
    Alternative alternative{given, with_width(checked, d_model), {}, 0};
    alternative.config.d_model = d_model;
    alternative.config.heads = heads;
    alternative.config.head_dim = alternative.config.value_dim = alternative.config.kv_heads = 0;
    alternative.config.key_width = alternative.config.value_width = 0;
    if (!alternative.input.empty()) {
      const ModuleCall call = {alternative.input, {}, {}, {}, {}};
      if (!find_contradictions(alternative.config, call).empty()) return;
      alternative.output = output_shape(alternative.config, call);
    }
    alternative.changes = (d_model != given.d_model ? 1 : 0) + (heads != given.heads ? 1 : 0) +
                          (alternative.input != checked.call.query ? 1 : 0) +
                          (checked.output && alternative.output != *checked.output ? 1 : 0);
    const bool known = std::any_of(found.begin(), found.end(), [&](const Alternative& other) {
      return other.config.d_model == d_model && other.config.heads == heads;
    });
    if (!known) found.push_back(std::move(alternative));
  };
  if (checked.output && !checked.output->empty()) offer(checked.output->back(), given.heads);
  if (!checked.call.query.empty()) offer(checked.call.query.back(), given.heads);
  for (const std::size_t d_model : nearest_multiples(given.d_model, given.heads)) offer(d_model, given.heads);
  for (std::size_t step = 0; step < given.heads; ++step) {
    const std::size_t before = found.size();
    offer(given.d_model, given.heads - step);
    offer(given.d_model, given.heads + step);
    if (found.size() > before && step > 0) break;
  }
  // Sizes that are consistent as they stand need no alternative: what contradicts is something else.
  if (std::any_of(found.begin(), found.end(), [](const Alternative& a) { return a.changes == 0; })) return {};
  std::stable_sort(found.begin(), found.end(), [](const Alternative& a, const Alternative& b) { return a.changes < b.changes; });
  if (found.size() > 4) found.resize(4);
  return found;
}

}  // namespace attn::shapes
