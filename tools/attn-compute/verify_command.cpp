#include "verify_command.hpp"

#include "../common/verify_files.hpp"

#include <attn/error.hpp>
#include <attn/render/number.hpp>
#include <attn/verify/layer_problem.hpp>
#include <attn/verify/mistakes.hpp>

#include <fmt/format.h>

namespace attn::tools {
namespace {

std::map<Step, Shape> shapes_of(const Problem<double>& problem) {
  std::map<Step, Shape> shapes;
  for (const auto& [step, tensor] : run_problem(problem)) shapes[step] = shape_of(tensor);
  return shapes;
}

// What the messages about normalisations say: what this run has, and what they have instead.
void add_values_of_layer(lessons::Placeholders& values, const LayerProblem<double>& layer, const Diagnosis& diagnosis, lessons::Language language) {
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
    if (diagnosis.variant == "the other norm") values["found"] = rms ? "LayerNorm" : "RMSNorm";
  }
}

// What the message about a mistake may say of this run.
lessons::Placeholders values_of(const Problem<double>& problem, const Diagnosis& diagnosis, lessons::Language language) {
  lessons::Placeholders values;
  for (const Letter& letter : letters()) values[std::string(letter.name)] = std::to_string(problem.sizes.*letter.size);
  if (values["E"] == "0") values["E"] = std::to_string(problem.sizes.heads * problem.sizes.head_dim);
  values["step"] = std::string(name_of(diagnosis.step));
  values["found"] = diagnosis.variant;
  values["deviation"] = fmt::format("{:.1e}", diagnosis.residual);
  const auto& attention = problem.options.attention;
  values["expected"] = "";
  values["softcap"] = attention.softcap ? render::number_text(*attention.softcap) : "";
  values["fill"] = render::number_text(attention.mask_fill);
  if (problem.layer) add_values_of_layer(values, *problem.layer, diagnosis, language);
  values["scale"] = fmt::format("{:.4g}", effective_scale(attention, problem.sizes.head_dim));
  return values;
}

// What a run with these mistakes shows. Throws Error where their shapes cannot go on.
std::map<Step, Tensor<double>> shown_steps(const Problem<double>& problem, const std::vector<const Mistake*>& mistakes, bool* applied = nullptr) {
  MistakenRun run(problem, mistakes);
  std::map<Step, Tensor<double>> steps;
  for (const auto& [step, tensor] : problem.inputs) steps.emplace(step, tensor);
  for (const Step step : problem.steps) steps.emplace(step, run.shown(step));
  if (applied) *applied = run.applied();
  return steps;
}

// The first way to make the mistake that changes a number in this run; if none does, the first that can
// be made at all; nullptr when none can.
const Mistake* most_visible_variant(const std::string& id, const Problem<double>& problem) {
  const std::map<Step, Tensor<double>> right = run_problem(problem);
  const Mistake* possible = nullptr;
  for (const Mistake* mistake : mistakes_of(id)) {
    try {
      bool applied = false;
      const auto wrong = shown_steps(problem, {mistake}, &applied);
      if (!applied) continue;
      for (const auto& [step, tensor] : wrong) {
        if (compare(right.at(step), tensor, {0, 0, true}).status != Status::match) return mistake;
      }
      if (!possible) possible = mistake;
    } catch (const Error&) {
      continue;  // this variant gives shapes that cannot go on
    }
  }
  return possible;
}

}  // namespace

int verify_files(const AttentionCommand& command, const Problem<double>& problem) {
  std::vector<Judged> judged;
  for (const std::string& file : command.verify.files) {
    Submission theirs = align(read_submission(file, Step::output, command.run.max_memory), shapes_of(problem), command.verify.map);
    Verification found = verify(problem, theirs, verify_options_of(command.verify));
    judged.push_back({file, std::move(theirs), std::move(found)});
  }
  const auto values = [&](const Diagnosis& diagnosis) { return values_of(problem, diagnosis, command.output.language); };
  return report_judged(judged, {command.output.language, values}, command.output);
}

std::map<Step, Tensor<double>> run_wrong(const AttentionCommand& command, const Problem<double>& problem) {
  std::vector<const Mistake*> chosen;
  for (const std::string& id : command.verify.mistakes) {
    const Mistake* mistake = most_visible_variant(id, problem);
    if (!mistake) throw UsageError("--mistake " + id, "cannot be made in this run (it lacks what the mistake is about)");
    chosen.push_back(mistake);
  }
  return shown_steps(problem, chosen);
}

}  // namespace attn::tools
