#include "notes.hpp"

#include "../common/verify_words.hpp"

#include <attn/ops/softmax.hpp>
#include <attn/render/number.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace attn::tools {
namespace {

using C = const NoteContext&;

enum class Place {
  instead,   ///< of the general note; the first rule that applies wins
  besides,   ///< after it, every rule that applies
};

struct NoteRule {
  Step step;
  const char* variant;
  Place place;
  bool (*applies)(C);
};

bool masks(C c) { return c.has(Step::mask); }
bool grouped(C c) { return c.sizes.kv_heads < c.sizes.heads; }
bool one_head(C c) { return c.sizes.heads == 1; }
bool all_ones(const TensorView& tensor) {
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    if (tensor[i] != 1) return false;
  }
  return true;
}
bool bottom_right(C c) { return c.scores.causal_align == CausalAlign::bottom_right; }
bool given_means(C c, MaskMeans means) {
  const TensorArgument* mask = c.command.tensors.find(c.scores.mask_option);
  return mask && meaning_of_mask(c.scores, *mask) == means;
}
bool nothing_visible(C c, MaskedRows policy) {
  return c.fully_masked_rows > 0 && c.result.facts.masked_rows_replaced &&
         c.scores.masked_rows.value_or(MaskedRows::zero) == policy;
}
bool other_source(C c) { return c.has(Step::memory); }
bool only_equal_keys(C c) {
  return all_ones(c.result.trace.find(Step::x)->tensor) && !other_source(c) && c.sizes.past_len == 0 && c.appended_keys == 0 &&
         !given_means(c, MaskMeans::add) && !c.forbidden_weighted;
}
bool forbidden_have_no_weight(C c) {
  return c.some_forbidden && !c.forbidden_weighted && (c.fully_masked_rows == 0 || nothing_visible(c, MaskedRows::zero));
}
bool in_layer(C c) { return c.result.facts.layer.has_value(); }
bool norm_first(C c) { return in_layer(c) && c.result.facts.layer->norm_first; }
bool norm_last(C c) { return in_layer(c) && !c.result.facts.layer->norm_first; }
bool activates(C c, Activation activation) {
  return in_layer(c) && !c.has(Step::ffn_gate) && c.result.facts.layer->activation == activation;
}
bool values_are_keys(C c) { return c.is("dot") && !c.command.tensors.has("--value") && !c.has(Step::v_proj); }
bool is_self(C c) { return c.is("self") || (c.is("mha") && !c.has(Step::memory)); }

using S = Step;
constexpr Place instead = Place::instead, besides = Place::besides;

constexpr NoteRule rules[] = {
    {S::x, "ones", besides, only_equal_keys},
    {S::q_proj, "one_head_memory", instead, [](C c) { return one_head(c) && other_source(c); }},
    {S::q_proj, "one_head", instead, one_head},
    {S::k_proj, "one_head_memory", instead, [](C c) { return one_head(c) && other_source(c); }},
    {S::k_proj, "one_head", instead, one_head},
    {S::v_proj, "one_head", instead, one_head},
    {S::q, "given", instead, [](C c) { return !c.has(Step::q_proj); }},
    {S::q, "one_head", instead, one_head},
    {S::k, "given", instead, [](C c) { return !c.has(Step::k_proj); }},
    {S::k, "one_head", instead, one_head},
    {S::k, "grouped", besides, grouped},
    {S::k, "bias_k", besides, [](C c) { return c.has(Step::bias_k); }},
    {S::k, "add_zero_attn", besides, [](C c) { return c.result.add_zero_attn; }},
    {S::v, "same_as_key", instead, [](C c) { return values_are_keys(c) && !c.has(Step::k_proj); }},
    {S::v, "unprojected_key", instead, [](C c) { return values_are_keys(c); }},
    {S::v, "given", instead, [](C c) { return !c.has(Step::v_proj); }},
    {S::v, "one_head", instead, one_head},
    {S::v, "grouped", besides, grouped},
    {S::v, "bias_v", besides, [](C c) { return c.has(Step::bias_v); }},
    {S::v, "add_zero_attn", besides, [](C c) { return c.result.add_zero_attn; }},
    {S::present_key, "appended", instead, [](C c) { return c.appended_keys > 0; }},
    {S::scores_raw, "dot", instead, [](C c) { return c.is("dot"); }},
    {S::scores_raw, "grouped", besides, grouped},
    {S::scores_scaled, "auto", instead, [](C c) { return c.scores.scale_text == "auto"; }},
    {S::scores_scaled, "none", instead, [](C c) { return c.scores.scale_text == "none"; }},
    {S::scores_scaled, "given", instead, [](C) { return true; }},
    {S::scores_scaled, "shared-head", besides, [](C c) { return c.scores.scale_text == "auto" && c.result.layout && c.result.layout->scales_by_d_model; }},
    {S::mask, "causal", besides, [](C c) { return c.scores.causal && !bottom_right(c) && c.sizes.past_len == 0; }},
    {S::mask, "causal_cache", besides, [](C c) { return c.scores.causal && !bottom_right(c) && c.sizes.past_len > 0; }},
    {S::mask, "causal_bottom_right", besides, [](C c) { return c.scores.causal && bottom_right(c) && c.scores.valid_lens.empty(); }},
    {S::mask, "causal_bottom_right_valid", besides, [](C c) { return c.scores.causal && bottom_right(c) && !c.scores.valid_lens.empty(); }},
    {S::mask, "valid_lens", besides, [](C c) { return !c.scores.valid_lens.empty(); }},
    {S::mask, "window", besides, [](C c) { return c.scores.window.bounded(); }},
    {S::mask, "keep", besides, [](C c) { return given_means(c, MaskMeans::keep); }},
    {S::mask, "drop", besides, [](C c) { return given_means(c, MaskMeans::drop); }},
    {S::mask, "add", besides, [](C c) { return given_means(c, MaskMeans::add); }},
    {S::mask, "appended", besides, [](C c) { return c.appended_keys > 0; }},
    {S::scores_masked, "nothing_forbidden", instead, [](C c) { return masks(c) && !c.some_forbidden; }},
    {S::scores_masked, "finite_leaks", instead, [](C c) { return c.scores.mask_fill && c.forbidden_weighted; }},
    {S::scores_masked, "finite", instead, [](C c) { return masks(c) && c.scores.mask_fill.has_value(); }},
    {S::scores_masked, "minus_infinity", instead, masks},
    {S::scores_masked, "unmasked", instead, [](C) { return true; }},
    {S::scores_masked, "add", besides, [](C c) { return given_means(c, MaskMeans::add); }},
    {S::weights, "masked", besides, forbidden_have_no_weight},
    {S::weights, "one_key", besides, [](C c) { return c.some_see_one_key && !c.forbidden_weighted; }},
    {S::weights, "masked_rows_zero", besides, [](C c) { return nothing_visible(c, MaskedRows::zero); }},
    {S::weights, "masked_rows_nan", besides, [](C c) { return nothing_visible(c, MaskedRows::nan); }},
    {S::weights, "masked_rows_uniform", besides, [](C c) { return nothing_visible(c, MaskedRows::uniform); }},
    {S::weights_dropped, "all", instead, [](C c) { return c.scores.dropout == 1; }},
    {S::heads, "dropout", instead, [](C c) { return c.has(Step::weights_dropped); }},
    {S::heads, "grouped", besides, grouped},
    {S::heads, "masked_rows_zero", besides, [](C c) { return nothing_visible(c, MaskedRows::zero); }},
    {S::merged, "one_head", instead, one_head},
    {S::output, "with_w_o_one_head", besides, [](C c) { return c.has(Step::w_o) && one_head(c); }},
    {S::output, "with_w_o", besides, [](C c) { return c.has(Step::w_o) && !one_head(c); }},
    {S::output, "without_w_o", instead, [](C c) { return !c.has(Step::w_o); }},
    {S::residual, "pre", besides, norm_first},
    {S::residual, "projected", besides, [](C c) { return c.has(Step::shortcut); }},
    {S::norm_var, "unbiased", besides, [](C c) { return in_layer(c) && c.result.facts.layer->norm.variance == Variance::unbiased; }},
    {S::norm, "rms", instead, [](C c) { return c.has(Step::norm_mean_square); }},
    {S::norm, "post", besides, norm_last},
    {S::norm, "pre", besides, norm_first},
    {S::ffn_hidden, "relu", besides, [](C c) { return activates(c, Activation::relu); }},
    {S::ffn_hidden, "gelu", besides, [](C c) { return activates(c, Activation::gelu); }},
    {S::ffn_hidden, "gelu_tanh", besides, [](C c) { return activates(c, Activation::gelu_tanh); }},
    {S::ffn_hidden, "silu", besides, [](C c) { return activates(c, Activation::silu); }},
    {S::ffn_hidden, "gated", besides, [](C c) { return c.has(Step::ffn_gate); }},
    {S::output, "self", besides, [](C c) { return is_self(c) && c.has(Step::w_o); }},
};

std::string number(double value) { return render::number_text(value, {}); }

std::string side(const std::optional<std::size_t>& reach) { return reach ? std::to_string(*reach) : "∞"; }

// A short spelling for people: at most four digits after the point.
std::string rounded(double value) { return fmt::format("{:.4g}", value); }

lessons::Placeholders placeholders(C c) {
  lessons::Placeholders values;
  for (const Letter& letter : letters()) values[std::string(letter.name)] = std::to_string(c.sizes.*letter.size);
  const ScoreOptions& scores = c.scores;
  const AttentionFacts& facts = c.result.facts;
  values["scale"] = rounded(facts.scale);
  values["softcap"] = facts.softcap ? number(*facts.softcap) : "";
  values["fill"] = scores.mask_fill ? number(*scores.mask_fill) : "−inf";
  values["p"] = number(facts.dropout_p);
  values["window"] = "[" + side(scores.window.left) + ", " + side(scores.window.right) + "]";
  values["valid_lens"] = fmt::format("{}", fmt::join(scores.valid_lens, c.command.output.language == lessons::Language::zh ? "、" : ", "));
  const auto keys = static_cast<std::ptrdiff_t>(c.sizes.key_len - c.appended_keys);
  const std::ptrdiff_t offset = bottom_right(c) ? keys - static_cast<std::ptrdiff_t>(c.sizes.query_len)
                                                : static_cast<std::ptrdiff_t>(c.sizes.past_len);
  values["offset"] = std::to_string(offset);
  values["count"] = std::to_string(c.fully_masked_rows);
  if (facts.layer) values["eps"] = number(facts.layer->norm.eps);
  if (const TraceEntry* up = c.result.trace.find(Step::ffn_up)) {
    std::size_t negative = 0;
    for (std::size_t i = 0; i < up->tensor.size(); ++i) negative += up->tensor[i] < 0;
    values["count"] = std::to_string(negative);
    values["total"] = std::to_string(up->tensor.size());
  }
  return values;
}

// What the mask left to see in each row, and whether the weights kept to it.
void look_at_rows(NoteContext& context) {
  const TraceEntry* mask = context.result.trace.find(Step::mask);
  const TraceEntry* weights = context.result.trace.find(Step::weights);
  if (!mask || mask->tensor.size() == 0) return;
  // A mistake may give one map for all heads, which says nothing of a mask of each.
  const bool same_cells = weights && weights->tensor.shape() == mask->tensor.shape();
  const std::size_t keys = mask->tensor.shape().back();
  for (std::size_t row = 0; row < mask->tensor.size() / keys; ++row) {
    std::size_t visible = 0, forbidden_weights = 0;
    for (std::size_t cell = row * keys; cell < (row + 1) * keys; ++cell) {
      const bool forbidden = mask->tensor[cell] == -std::numeric_limits<double>::infinity();
      context.some_forbidden = context.some_forbidden || forbidden;
      context.only_forbids = context.only_forbids && (forbidden || mask->tensor[cell] == 0);
      visible += !forbidden;
      forbidden_weights += same_cells && forbidden && weights->tensor[cell] != 0;
    }
    context.fully_masked_rows += visible == 0;
    context.some_see_one_key = context.some_see_one_key || visible == 1;
    context.forbidden_weighted = context.forbidden_weighted || (visible > 0 && forbidden_weights > 0);
  }
}

void append(std::vector<std::string>& notes, C c, const std::string& key, const std::string& variant = "") {
  for (std::string& paragraph : lessons::lesson(c.command.output.language).paragraphs(key, variant, c.values)) {
    notes.push_back(std::move(paragraph));
  }
}

}  // namespace

NoteContext::NoteContext(const AttentionCommand& run_command, const AttentionResult& run_result)
    : command(run_command),
      result(run_result),
      scores(run_result.scores ? *run_result.scores : run_command.scores),
      sizes(run_result.trace.sizes),
      appended_keys((has(Step::bias_k) ? 1 : 0) + (run_result.add_zero_attn ? 1 : 0)) {
  look_at_rows(*this);
  values = placeholders(*this);
}

std::vector<std::string> notes_of(Step step, const NoteContext& context) {
  const std::string key(name_of(step));
  std::vector<std::string> notes;
  std::string main_variant;
  for (const NoteRule& rule : rules) {
    if (rule.step == step && rule.place == Place::instead && rule.applies(context)) {
      main_variant = rule.variant;
      break;
    }
  }
  append(notes, context, key, main_variant);
  for (const NoteRule& rule : rules) {
    if (rule.step == step && rule.place == Place::besides && rule.applies(context)) append(notes, context, key, rule.variant);
  }
  return notes;
}

std::vector<std::string> introduction(const NoteContext& context) {
  std::vector<std::string> paragraphs;
  if (!context.command.verify.mistakes.empty()) return mistakes_made(context.command.verify.mistakes, context.command.output.language);
  const bool single = context.is("mha") && one_head(context);
  append(paragraphs, context, "intro", single ? "mha_one_head" : context.command.subcommand);
  if (context.is("mha")) append(paragraphs, context, "layout", std::string(context.result.layout->name));
  return paragraphs;
}

// The closing of dot and sdpa speaks of mixtures. Where a row is none, the notes and checks of its step said why.
bool every_row_mixes(const NoteContext& context) {
  const TraceEntry* weights = context.result.trace.find(Step::weights);
  if (!weights || context.fully_masked_rows > 0) return false;
  const TensorView& numbers = weights->tensor;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i])) return false;
  }
  return true;
}

std::vector<std::string> closing(const NoteContext& context) {
  if ((context.is("dot") || context.is("sdpa")) && !every_row_mixes(context)) return {};
  std::string variant = context.command.subcommand;
  if (context.is("mha") && one_head(context)) variant = "mha_one_head";
  if (context.is("self") && context.sizes.value_dim != context.sizes.d_model) variant = "self_other_width";
  std::vector<std::string> paragraphs;
  append(paragraphs, context, "closing", variant);
  return paragraphs;
}

}  // namespace attn::tools
