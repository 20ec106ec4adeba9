#include "verify_words.hpp"

#include <attn/render/number.hpp>
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

const StepVerdict* verdict_on(const Judged& judged, Step step) {
  for (const StepVerdict& verdict : judged.verification.steps) {
    if (verdict.step == step) return &verdict;
  }
  return nullptr;
}

lessons::Placeholders values_of_run(const Problem<double>& problem) {
  lessons::Placeholders values;
  for (const Letter& letter : letters()) values[std::string(letter.name)] = std::to_string(problem.sizes.*letter.size);
  const auto& attention = problem.options.attention;
  values["softcap"] = attention.softcap ? render::number_text(*attention.softcap) : "";
  values["fill"] = short_number(attention.mask_fill);
  values["window"] = window_text(attention.mask.window);
  return values;
}

lessons::Placeholders values_of(const Diagnosis& diagnosis, const Judged& judged, const Problem<double>& problem,
                                lessons::Language language) {
  lessons::Placeholders values = values_of_run(problem);
  const std::string& id = diagnosis.id;
  values["step"] = std::string(name_of(diagnosis.step));
  // √d_model, as the mistake has it: the width of all heads together.
  if (id == "C1") values["E"] = std::to_string(problem.sizes.heads * problem.sizes.head_dim);
  std::size_t count = 0;
  if (const StepVerdict* verdict = verdict_on(judged, diagnosis.step)) {
    values["deviation"] = fmt::format("{:.1e}", verdict->difference.max_abs);
    count = verdict->difference.mismatched;
  }
  const Sizes& sizes = problem.sizes;
  if (id == "G2") count = sizes.kv_heads > 0 ? sizes.key_len * sizes.heads / sizes.kv_heads : 0;
  values["count"] = std::to_string(count);
  const auto measured = measured_number(id, diagnosis.variant, problem, judged.theirs.tensors);
  if (measured) values["p"] = values["found"] = short_number(*measured);
  const lessons::Lesson& variants = lessons::variant_lesson(language);
  const std::string right = right_variant(problem, id);
  values["expected"] = right.empty() ? scale_text(problem) : variants.note(id, right, values).value_or(right);
  values["found"] = variants.note(id, diagnosis.variant, values).value_or(diagnosis.variant);
  return values;
}

}  // namespace

std::string verify_word(lessons::Language language, const std::string& entry, const lessons::Placeholders& values) {
  return lessons::lesson(language).note("verify", entry, values).value_or(entry);
}

std::string sentence_of(const Diagnosis& diagnosis, const std::string& field, const Judged& judged,
                        const Problem<double>& problem, lessons::Language language) {
  const lessons::Placeholders values = values_of(diagnosis, judged, problem, language);
  return lessons::mistake_lesson(language).note(diagnosis.id, field, values).value_or("");
}

}  // namespace attn::tools
