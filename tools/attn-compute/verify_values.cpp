#include "verify_values.hpp"

#include "../common/verify_words.hpp"

#include <attn/render/number.hpp>
#include <attn/verify/layer_problem.hpp>
#include <attn/verify/measured.hpp>

#include <fmt/format.h>

namespace attn::tools {
namespace {

// "0.25"; a whole number and a fill value keep their usual spelling.
std::string short_number(double value) { return fmt::format("{:.4g}", value); }

std::string scale_text(const Problem<double>& problem) {
  const auto& attention = problem.options.attention;
  const std::string number = short_number(effective_scale(attention, problem.sizes.head_dim));
  return attention.scale ? number : fmt::format("1/√{} = {}", problem.sizes.head_dim, number);
}

std::string window_text(const Window& window) {
  const auto side = [](const std::optional<std::size_t>& reach) { return reach ? std::to_string(*reach) : std::string("-1"); };
  return side(window.left) + "," + side(window.right);
}

// Which variant of the mistake would be right here: "instead of what" is said in the same words.
std::string right_variant(const Problem<double>& problem, const std::string& id) {
  const auto& attention = problem.options.attention;
  if (id == "M8") {
    if (attention.mask.align == CausalAlign::top_left) return "top left";
    return attention.mask.valid_lens.empty() ? "bottom right" : "bottom right of the valid keys";
  }
  const MaskedRows policy = attention.masked_rows.value_or(MaskedRows::zero);
  if (id == "M11") return policy == MaskedRows::zero ? "zero" : policy == MaskedRows::nan ? "NaN" : "uniform";
  return "";
}

// What the messages about normalisations say: what this run has, and what they have instead.
void add_values_of_layer(lessons::Placeholders& values, const LayerProblem<double>& layer, const Diagnosis& diagnosis,
                         lessons::Language language) {
  const NormOptions& norm = layer.options.norm;
  const bool rms = norm.kind == NormKind::rms;
  if (diagnosis.id == "L2") values["expected"] = render::number_text(norm.eps);
  if (diagnosis.id == "L4") {
    const auto side = [language](bool first) { return lessons::lesson(language).note("word", first ? "before" : "after").value_or(""); };
    values["expected"] = side(layer.norm_first());
    values["found"] = side(!layer.norm_first());
  }
  if (diagnosis.id == "L6") {
    values["expected"] = rms ? "RMSNorm" : "LayerNorm";
    values["found"] = rms ? "LayerNorm" : "RMSNorm";
  }
}

}  // namespace

lessons::Placeholders values_of_run(const Problem<double>& problem, const Diagnosis& diagnosis, lessons::Language language) {
  lessons::Placeholders values;
  const Sizes& sizes = problem.sizes;
  for (const Letter& letter : letters()) values[std::string(letter.name)] = std::to_string(sizes.*letter.size);
  // √d_model, as C1 has it, is the width of all heads together.
  if (diagnosis.id == "C1" || sizes.d_model == 0) values["E"] = std::to_string(sizes.heads * sizes.head_dim);
  const auto& attention = problem.options.attention;
  values["softcap"] = attention.softcap ? render::number_text(*attention.softcap) : "";
  values["fill"] = short_number(attention.mask_fill);
  values["window"] = window_text(attention.mask.window);
  if (diagnosis.id == "G2") values["count"] = std::to_string(sizes.kv_heads > 0 ? sizes.key_len * sizes.heads / sizes.kv_heads : 0);
  const std::string right = right_variant(problem, diagnosis.id);
  values["expected"] = right.empty() ? scale_text(problem)
                                     : lessons::variant_lesson(language).note(diagnosis.id, right, values).value_or(right);
  if (problem.layer) add_values_of_layer(values, *problem.layer, diagnosis, language);
  return values;
}

lessons::Placeholders values_measured(const Problem<double>& problem, const Diagnosis& diagnosis, const Submission& theirs) {
  const auto number = measured_number(diagnosis.id, diagnosis.variant, problem, theirs.tensors);
  if (!number) return {};
  return {{"p", short_number(*number)}, {"found", short_number(*number)}};
}

}  // namespace attn::tools
