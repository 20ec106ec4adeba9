#include <attn/grad/rules.hpp>

#include <attn/grad/feed_forward.hpp>
#include <attn/grad/heads.hpp>
#include <attn/grad/linear.hpp>
#include <attn/grad/norm.hpp>
#include <attn/grad/scores.hpp>
#include <attn/ops/heads.hpp>
#include <attn/ops/stages.hpp>
#include <attn/verify/layer_problem.hpp>

#include <initializer_list>
#include <map>
#include <stdexcept>
#include <utility>

namespace attn {
namespace {

using S = Step;
using P = PartOfBackward;
using D = const Tensor<double>&;
using Weight = std::optional<Tensor<double>>;

// The first of these that the run has.
Step first_of(const P& part, std::initializer_list<Step> candidates) {
  for (const Step step : candidates) {
    if (part.problem().has(step)) return step;
  }
  throw std::logic_error("a step that was computed from nothing");
}

// Through a linear map of `source`; `operand` is the source's name in the table of terms.
void send_through_map(P& part, Step source, Step operand, std::pair<Step, const Weight&> w, std::pair<Step, const Weight&> b, D d) {
  LinearGradients gradients = linear_backward(part.get(source), w.second, b.second, d);
  if (gradients.w) part.send(w.first, std::move(*gradients.w));
  if (gradients.b) part.send(b.first, std::move(*gradients.b));
  part.send(source, std::move(gradients.x), operand);
}

// Keys or values: their own rows to where they come from, the learned row to its parameter.
void send_from_keys(P& part, Step source, Step operand, Step row, bool has_row, D d) {
  const std::size_t own = part.get(source).shape(1);
  if (has_row) part.send(row, appended_row_backward(key_rows(d, own, 1)));
  part.send(source, merge_heads(key_rows(d, 0, own)), operand);
}

void send_from_cache(P& part, Step past, Step now, Step operand, D d) {
  const std::size_t length = part.get(past).shape(2);
  part.send(past, key_rows(d, 0, length));
  part.send(now, key_rows(d, length, d.shape(2) - length), operand);
}

void send_from_output(P& part, D d) {
  const Problem<double>& problem = part.problem();
  if (!problem.has(S::merged)) {
    const Tensor<double>& heads = part.get(S::heads);
    if (problem.output_shape.size() == 4) return part.send(S::heads, d);
    if (problem.output_shape.size() == 2) return part.send(S::heads, reshaped(d, shape_of(heads)));
    return part.send(S::heads, split_heads(d, heads.shape(1)));
  }
  const Tensor<double> rows = d.dimension() == 2 ? reshaped(d, {1, d.shape(0), d.shape(1)}) : d;
  send_through_map(part, S::merged, S::merged, {S::w_o, problem.weights->w_o}, {S::b_o, problem.weights->b_o}, rows);
}

void send_from_weights(P& part, D d) {
  const Tensor<double>* mask = part.problem().has(S::mask) ? &part.get(S::mask) : nullptr;
  part.send(S::scores_masked, softmax_backward(part.get(S::weights), rows_under_policy(part.problem().options.attention, mask), d));
}

void send_from_masked(P& part, D d) {
  const Step scores = first_of(part, {S::scores_capped, S::scores_scaled});
  if (!part.problem().has(S::mask)) return part.send(scores, d, S::scores_scaled);
  part.send(scores, masked_scores_backward(part.get(S::mask), d), S::mask);
}

void send_from_heads(P& part, D d) {
  const Step weights = first_of(part, {S::weights_dropped, S::weights}), values = first_of(part, {S::present_value, S::v});
  FactorGradients gradients = weighted_values_backward(part.get(weights), part.get(values), d);
  part.send(values, std::move(gradients.right), S::v);
  part.send(weights, std::move(gradients.left), S::weights);
}

void send_from_scores(P& part, D d) {
  const Step queries = first_of(part, {S::q_rot, S::q}), keys = first_of(part, {S::present_key, S::k_rot, S::k});
  FactorGradients gradients = raw_scores_backward(part.get(queries), part.get(keys), d);
  part.send(queries, std::move(gradients.left), S::q);
  part.send(keys, std::move(gradients.right), S::k);
}

using Rule = void (*)(P&, D);

const std::map<Step, Rule>& attention_rules() {
  static const auto options = [](P& p) -> const AttentionOptions<double>& { return p.problem().options.attention; };
  static const auto weights = [](P& p) -> const MultiheadWeights<double>& { return *p.problem().weights; };
  static const std::map<Step, Rule> table = {
      {S::output, send_from_output},
      {S::merged, [](P& p, D d) { p.send(S::heads, split_heads(d, p.problem().options.heads)); }},
      {S::heads, send_from_heads},
      {S::weights_dropped, [](P& p, D d) { p.send(S::weights, dropped_weights_backward(*options(p).dropout_keep, options(p).dropout_p, d)); }},
      {S::weights, send_from_weights},
      {S::scores_masked, send_from_masked},
      {S::scores_capped, [](P& p, D d) { p.send(S::scores_scaled, capped_scores_backward(p.get(S::scores_capped), *options(p).softcap, d)); }},
      {S::scores_scaled, [](P& p, D d) { p.send(S::scores_raw, scaled_scores(d, effective_scale(options(p), p.problem().sizes.head_dim))); }},
      {S::scores_raw, send_from_scores},
      {S::present_key, [](P& p, D d) { send_from_cache(p, S::past_key, first_of(p, {S::k_rot, S::k}), S::k, d); }},
      {S::present_value, [](P& p, D d) { send_from_cache(p, S::past_value, S::v, S::v, d); }},
      {S::q_rot, [](P& p, D d) { p.send(S::q, rotated_backward(d, *options(p).rotary, p.problem().sizes.past_len)); }},
      {S::k_rot, [](P& p, D d) { p.send(S::k, rotated_backward(d, *options(p).rotary, p.problem().sizes.past_len)); }},
      {S::q, [](P& p, D d) { p.send(first_of(p, {S::q_proj, S::x}), merge_heads(d)); }},
      {S::k, [](P& p, D d) {
         const Step source = first_of(p, {S::k_proj, S::memory, S::x});
         send_from_keys(p, source, source == S::k_proj ? source : S::memory, S::bias_k, weights(p).bias_k.has_value(), d);
       }},
      {S::v, [](P& p, D d) {
         const Step source = first_of(p, {S::v_proj, S::memory_value, S::memory, S::x});
         send_from_keys(p, source, source == S::v_proj ? source : S::memory_value, S::bias_v, weights(p).bias_v.has_value(), d);
       }},
      {S::q_proj, [](P& p, D d) { send_through_map(p, S::x, S::x, {S::w_q, weights(p).w_q}, {S::b_q, weights(p).b_q}, d); }},
      {S::k_proj, [](P& p, D d) {
         send_through_map(p, first_of(p, {S::memory, S::x}), S::memory, {S::w_k, weights(p).w_k}, {S::b_k, weights(p).b_k}, d);
       }},
      {S::v_proj, [](P& p, D d) {
         send_through_map(p, first_of(p, {S::memory_value, S::memory, S::x}), S::memory_value, {S::w_v, weights(p).w_v}, {S::b_v, weights(p).b_v}, d);
       }},
  };
  return table;
}

void send_from_residual(P& part, D d) {
  const ResidualWeights<double>& map = part.layer().residual_of(part.block());
  part.send(S::output, d);
  part.send(map.w_s || map.b_s ? S::shortcut : S::x, d);
}

void send_from_norm(P& part, D d) {
  const NormOptions& options = part.layer().options.norm;
  const bool centred = options.kind == NormKind::layer;
  const Step spread = centred ? S::norm_var : S::norm_mean_square;
  Weight mean;
  if (centred) mean = part.get(S::norm_mean);
  NormGradients gradients = norm_backward(part.get(S::residual), mean, part.get(spread), part.layer().norm_of(part.block()), options.eps, d);
  if (gradients.gamma) part.send(S::gamma, std::move(*gradients.gamma));
  if (gradients.beta) part.send(S::beta, std::move(*gradients.beta));
  part.send(spread, std::move(gradients.spread));
  if (gradients.mean) part.send(S::norm_mean, std::move(*gradients.mean));
  part.send(S::residual, std::move(gradients.x));
}

void send_from_variance(P& part, D d) {
  VarianceGradients gradients = row_variances_backward(part.get(S::residual), part.get(S::norm_mean), part.layer().options.norm.variance, d);
  part.send(S::norm_mean, std::move(gradients.mean));
  part.send(S::residual, std::move(gradients.x));
}

void send_from_hidden(P& part, D d) {
  const FeedForwardWeights<double>& maps = part.layer().weights.ffn.maps;
  Weight gate;
  if (maps.w_gate || maps.b_gate) gate = part.get(S::ffn_gate);
  HiddenGradients gradients = hidden_backward(part.get(S::ffn_up), gate, part.layer().options.activation, d);
  part.send(S::ffn_up, std::move(gradients.up));
  if (gradients.gate) part.send(S::ffn_gate, std::move(*gradients.gate));
}

const std::map<Step, Rule>& layer_rules() {
  static const auto maps = [](P& p) -> const FeedForwardWeights<double>& { return p.layer().weights.ffn.maps; };
  static const std::map<Step, Rule> table = {
      {S::shortcut, [](P& p, D d) {
         const ResidualWeights<double>& map = p.layer().residual_of(p.block());
         send_through_map(p, S::x, S::x, {S::w_s, map.w_s}, {S::b_s, map.b_s}, d);
       }},
      {S::residual, send_from_residual},
      {S::norm, send_from_norm},
      {S::norm_var, send_from_variance},
      {S::norm_mean, [](P& p, D d) { p.send(S::residual, row_means_backward(p.get(S::residual), d)); }},
      {S::norm_mean_square, [](P& p, D d) { p.send(S::residual, row_mean_squares_backward(p.get(S::residual), d)); }},
      {S::ffn_output, [](P& p, D d) { send_through_map(p, S::ffn_hidden, S::ffn_hidden, {S::w_2, maps(p).w_2}, {S::b_2, maps(p).b_2}, d); }},
      {S::ffn_hidden, send_from_hidden},
      {S::ffn_up, [](P& p, D d) { send_through_map(p, S::norm, S::norm, {S::w_1, maps(p).w_1}, {S::b_1, maps(p).b_1}, d); }},
      {S::ffn_gate, [](P& p, D d) { send_through_map(p, S::norm, S::norm, {S::w_gate, maps(p).w_gate}, {S::b_gate, maps(p).b_gate}, d); }},
  };
  return table;
}

}  // namespace

void send_back(PartOfBackward& part, Step step, const Tensor<double>& d) {
  for (const auto* table : {&attention_rules(), &layer_rules()}) {
    const auto rule = table->find(step);
    if (rule != table->end()) return rule->second(part, d);
  }
}

}  // namespace attn
