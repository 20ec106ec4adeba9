#include <attn/error.hpp>
#include <attn/ops/heads.hpp>
#include <attn/ops/stages.hpp>
#include <attn/verify/layer_problem.hpp>
#include <attn/verify/problem.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>

namespace attn {
namespace {

template <class T>
using Rule = Tensor<T> (*)(Evaluator<T>&);

template <class T>
Step source_of(const Evaluator<T>& e, std::initializer_list<Step> candidates) {
  for (const Step step : candidates) {
    if (e.problem().has(step)) return step;
  }
  throw std::logic_error("a run without a source");
}

template <class T>
Tensor<T> keys(Evaluator<T>& e, Step projection, Step own_source, const std::optional<Tensor<T>>& row, const char* name) {
  const auto& problem = e.problem();
  const Step source = source_of(e, {projection, own_source, Step::memory, Step::x});
  Tensor<T> split = split_heads(e.get(source), problem.options.kv_heads);
  if (problem.weights->bias_k || problem.weights->bias_v) split = append_key(split, row, name);
  if (problem.options.add_zero_attn) split = append_key(split, std::optional<Tensor<T>>(), name);
  return split;
}

template <class T>
SoftmaxSteps<T> softmax_of(Evaluator<T>& e, Detail detail) {
  const auto& options = e.problem().options.attention;
  const Tensor<T>* combined = e.problem().has(Step::mask) ? &e.get(Step::mask) : nullptr;
  return softmax(e.get(Step::scores_masked), rows_under_policy(options, combined),
                 options.masked_rows.value_or(MaskedRows::zero), detail);
}

template <class T>
Tensor<T> output(Evaluator<T>& e) {
  const auto& problem = e.problem();
  if (!problem.has(Step::merged)) {
    const Tensor<T>& heads = e.get(Step::heads);
    if (problem.output_shape.size() == 4) return heads;
    return reshaped(merge_heads(heads), problem.output_shape);
  }
  Tensor<T> mapped = linear(e.get(Step::merged), problem.weights->w_o, problem.weights->b_o, "output");
  // An input without a batch axis gives an output without one.
  if (problem.output_shape.size() == 2) return reshaped(std::move(mapped), {mapped.shape(1), mapped.shape(2)});
  return mapped;
}

// How each step is computed from the steps it reads.
template <class T>
const std::map<Step, Rule<T>>& rules() {
  using E = Evaluator<T>;
  using S = Step;
  static const std::map<Step, Rule<T>> table = {
      {S::q_proj, [](E& e) { return linear(e.get(S::x), e.problem().weights->w_q, e.problem().weights->b_q, "q_proj"); }},
      {S::k_proj, [](E& e) { return linear(e.get(source_of(e, {S::memory, S::x})), e.problem().weights->w_k, e.problem().weights->b_k, "k_proj"); }},
      {S::v_proj, [](E& e) { return linear(e.get(source_of(e, {S::memory_value, S::memory, S::x})), e.problem().weights->w_v, e.problem().weights->b_v, "v_proj"); }},
      {S::q, [](E& e) { return split_heads(e.get(source_of(e, {S::q_proj, S::x})), e.problem().options.heads); }},
      {S::k, [](E& e) { return keys(e, S::k_proj, S::memory, e.problem().weights->bias_k, "bias_k"); }},
      {S::v, [](E& e) { return keys(e, S::v_proj, S::memory_value, e.problem().weights->bias_v, "bias_v"); }},
      {S::q_rot, [](E& e) { return rotated(e.get(S::q), *e.problem().options.attention.rotary, e.problem().sizes.past_len + e.problem().sizes.queries_before); }},
      {S::k_rot, [](E& e) { return rotated(e.get(S::k), *e.problem().options.attention.rotary, e.problem().sizes.past_len); }},
      {S::present_key, [](E& e) { return concatenate_keys(e.get(S::past_key), e.get(source_of(e, {S::k_rot, S::k}))); }},
      {S::present_value, [](E& e) { return concatenate_keys(e.get(S::past_value), e.get(S::v)); }},
      {S::scores_raw, [](E& e) { return raw_scores(e.get(source_of(e, {S::q_rot, S::q})), e.get(source_of(e, {S::present_key, S::k_rot, S::k}))); }},
      {S::scores_scaled, [](E& e) { return scaled_scores(e.get(S::scores_raw), effective_scale(e.problem().options.attention, e.problem().sizes.head_dim)); }},
      {S::scores_capped, [](E& e) { return capped_scores(e.get(S::scores_scaled), static_cast<T>(*e.problem().options.attention.softcap)); }},
      {S::mask, [](E& e) { return combined_mask(e.problem().options.attention.mask, sizes_of_scores(e)); }},
      {S::scores_masked, [](E& e) {
         const Tensor<T>& scores = e.get(source_of(e, {S::scores_capped, S::scores_scaled}));
         return e.problem().has(S::mask) ? masked_scores(scores, e.get(S::mask), e.problem().options.attention.mask_fill) : scores;
       }},
      {S::row_max, [](E& e) { return *softmax_of(e, Detail::yes).row_max; }},
      {S::exp, [](E& e) { return *softmax_of(e, Detail::yes).exp; }},
      {S::row_sum, [](E& e) { return *softmax_of(e, Detail::yes).row_sum; }},
      {S::weights, [](E& e) { return softmax_of(e, Detail::no).weights; }},
      {S::weights_dropped, [](E& e) { return dropped_weights(e.get(S::weights), *e.problem().options.attention.dropout_keep, e.problem().options.attention.dropout_p); }},
      {S::weights_averaged, [](E& e) { return mean_over_heads(e.get(source_of(e, {S::weights_dropped, S::weights}))); }},
      {S::heads, [](E& e) { return weighted_values(e.get(source_of(e, {S::weights_dropped, S::weights})), e.get(source_of(e, {S::present_value, S::v}))); }},
      {S::merged, [](E& e) { return merge_heads(e.get(S::heads)); }},
      {S::output, [](E& e) { return output(e); }},
  };
  return table;
}

}  // namespace

std::vector<Step> operands_of(Step step) {
  using S = Step;
  static const std::map<Step, std::vector<Step>> table = {
      {S::q_proj, {S::x}},
      {S::k_proj, {S::x, S::memory}},
      {S::v_proj, {S::x, S::memory, S::memory_value}},
      {S::q, {S::x, S::q_proj}},
      {S::k, {S::x, S::memory, S::k_proj}},
      {S::v, {S::x, S::memory, S::memory_value, S::v_proj}},
      {S::q_rot, {S::q}},
      {S::k_rot, {S::k}},
      {S::present_key, {S::k, S::k_rot, S::past_key}},
      {S::present_value, {S::v, S::past_value}},
      {S::scores_raw, {S::q, S::q_rot, S::k, S::k_rot, S::present_key}},
      {S::scores_scaled, {S::scores_raw}},
      {S::scores_capped, {S::scores_scaled}},
      {S::mask, {S::q, S::k, S::present_key}},
      {S::scores_masked, {S::scores_scaled, S::scores_capped, S::mask}},
      {S::row_max, {S::mask, S::scores_masked}},
      {S::exp, {S::mask, S::scores_masked}},
      {S::row_sum, {S::mask, S::scores_masked}},
      {S::weights, {S::mask, S::scores_masked}},
      {S::weights_dropped, {S::weights}},
      {S::weights_averaged, {S::weights, S::weights_dropped}},
      {S::heads, {S::weights, S::weights_dropped, S::v, S::present_value}},
      {S::merged, {S::heads}},
      {S::output, {S::heads, S::merged}},
  };
  const auto row = table.find(step);
  return row == table.end() ? std::vector<Step>{} : row->second;
}

bool is_computed_from(const Problem<double>& problem, Step result, Step step, const std::function<bool(Step)>& is_known) {
  const std::vector<Step> operands = operands_of(result);
  return std::any_of(operands.begin(), operands.end(), [&](Step operand) {
    if (!problem.has(operand)) return false;
    return operand == step || (!is_known(operand) && is_computed_from(problem, operand, step, is_known));
  });
}

std::map<Step, Shape> step_shapes(const Problem<double>& problem) {
  std::map<Step, Shape> shapes;
  if (problem.layer) {
    Evaluator<double> run(problem);
    for (const auto& [step, tensor] : problem.inputs) shapes[step] = shape_of(tensor);
    for (const Step step : problem.steps) shapes[step] = shape_of(run.get(step));
    return shapes;
  }
  for (const auto& [step, tensor] : problem.inputs) shapes[step] = shape_of(tensor);
  for (const Step step : problem.steps) {
    shapes[step] = shape_of_axes(step_info(step).axes, problem.sizes);
    // Before the keys that the module itself appends.
    const bool before_appended = step == Step::k_proj || step == Step::v_proj;
    if (before_appended) shapes[step][1] = problem.inputs.at(problem.has(Step::memory) ? Step::memory : Step::x).shape(1);
  }
  if (problem.has(Step::output)) shapes[Step::output] = problem.output_shape;
  return shapes;
}

std::size_t cells_of(const Problem<double>& problem) {
  std::size_t cells = 0;
  for (const auto& [step, shape] : step_shapes(problem)) {
    const std::optional<std::size_t> count = element_count(shape);
    if (!count) return std::numeric_limits<std::size_t>::max();
    cells += *count;
  }
  return cells;
}

template <class T>
Sizes sizes_of_scores(Evaluator<T>& run) {
  const Tensor<T>& q = run.get(Step::q);
  const Tensor<T>& keys = run.get(run.problem().has(Step::present_key) ? Step::present_key : Step::k);
  Sizes sizes = run.problem().sizes;
  sizes.batch = q.shape(0);
  sizes.heads = q.shape(1);
  sizes.query_len = q.shape(2);
  sizes.key_len = keys.shape(2);
  return sizes;
}

template <class T>
const Tensor<T>& Evaluator<T>::get(Step step) {
  if (const auto known = known_.find(step); known != known_.end()) return *known->second;
  if (const auto done = computed_.find(step); done != computed_.end()) return done->second;
  if (const auto supply = supplies_.find(step); supply != supplies_.end()) {
    return computed_.emplace(step, supply->second()).first->second;
  }
  if (const auto input = problem_.inputs.find(step); input != problem_.inputs.end() && !replaces_input(step)) return input->second;
  Tensor<T> tensor = produce(step);
  return computed_.emplace(step, std::move(tensor)).first->second;
}

template <class T>
void Evaluator<T>::release(Step done) {
  std::set<Step> wanted;
  for (const Step step : problem_.steps) {
    if (step <= done) continue;
    for (const Step operand : operands_of(step)) wanted.insert(operand);
  }
  for (auto made = computed_.begin(); made != computed_.end();) {
    made = made->first < done && wanted.count(made->first) == 0 ? computed_.erase(made) : std::next(made);
  }
}

template <class T>
Tensor<T> Evaluator<T>::take(Step step) {
  const Tensor<T>& tensor = get(step);
  if (auto made = computed_.extract(step)) return std::move(made.mapped());
  return tensor;
}

template <class T>
Tensor<T> Evaluator<T>::compute(Step step) {
  if (const auto input = problem_.inputs.find(step); input != problem_.inputs.end()) return input->second;
  if (place_of(step) || step == layer_output()) return compute_in_layer(*this, step);
  return rules<T>().at(step)(*this);
}

template Sizes sizes_of_scores(Evaluator<float>&);
template Sizes sizes_of_scores(Evaluator<double>&);
template class Evaluator<float>;
template class Evaluator<double>;

}  // namespace attn
