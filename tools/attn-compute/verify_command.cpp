#include "verify_command.hpp"

#include "../common/verify_files.hpp"
#include "verify_values.hpp"

#include <attn/error.hpp>
#include <attn/verify/mistakes.hpp>

#include <fmt/format.h>

#include <cstdio>

namespace attn::tools {
namespace {

// One submission, and everything its report says of their tensors.
Judged judged(const std::string& file, const AttentionCommand& command, const Problem<double>& problem, const std::map<Step, Shape>& shapes) {
  std::vector<ForeignTensor> tensors = read_submission(file, Step::output, command.run.max_memory, io::EmptyCells::allowed);
  Judged one{file, aligned(std::move(tensors), shapes, command.verify.map, command.output), {}, {}, {}};
  one.verification = verify(problem, one.theirs, verify_options_of(command.verify));
  for (const Diagnosis& diagnosis : one.verification.diagnosis) {
    one.measured.emplace(diagnosis.id, values_measured(problem, diagnosis, one.theirs));
  }
  keep_for_report(one, command.output);
  return one;
}

std::vector<std::string> names_of(const std::map<Step, Shape>& shapes) {
  std::vector<std::string> names;
  for (const auto& [step, shape] : shapes) names.emplace_back(name_of(step));
  return names;
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

struct Variant {
  const Mistake* mistake = nullptr;  ///< nullptr: none can be made in this run
  bool shows = false;                ///< it changes a number
};

// The first way to make the mistake that changes a number in this run; if none does, the first that can be made at all.
Variant most_visible_variant(const std::string& id, const Problem<double>& problem) {
  const std::map<Step, Tensor<double>> right = run_problem(problem);
  Variant possible;
  for (const Mistake* mistake : mistakes_of(id)) {
    try {
      bool applied = false;
      const auto wrong = shown_steps(problem, {mistake}, &applied);
      if (!applied) continue;
      for (const auto& [step, tensor] : wrong) {
        if (compare(right.at(step), tensor, {0, 0, true}).status != Status::match) return {mistake, true};
      }
      if (!possible.mistake) possible.mistake = mistake;
    } catch (const Error&) {
      continue;  // this variant gives shapes that cannot go on
    }
  }
  return possible;
}

}  // namespace

int verify_files(const AttentionCommand& command, const Problem<double>& problem) {
  check_worksheet(command);
  const std::map<Step, Shape> shapes = step_shapes(problem);
  check_blank(command.output, names_of(shapes));
  const std::vector<Judged> files = judge_files(command.verify, [&](const std::string& file) { return judged(file, command, problem, shapes); });
  ReportWords words = report_words(command.output, problem.sizes);
  words.values = [&](const Diagnosis& diagnosis) { return values_of_run(problem, diagnosis, command.output.language); };
  words.ours = [&problem]() { return run_problem(problem); };
  words.hint = command.verify.hint;
  return report_judged(files, words, command.output);
}

std::map<Step, Tensor<double>> run_wrong(const AttentionCommand& command, const Problem<double>& problem) {
  std::vector<const Mistake*> chosen;
  for (const std::string& id : command.verify.mistakes) {
    const Variant variant = most_visible_variant(id, problem);
    if (!variant.mistake) throw UsageError("--mistake " + id, fmt::format("cannot be made in this run, which lacks what it is about; `attn-compute mistakes {}` says what that is", id));
    if (!variant.shows) std::fprintf(stderr, "attn-compute: --mistake %s changes no number in this run; `attn-compute mistakes %s` says when it shows\n", id.c_str(), id.c_str());
    chosen.push_back(variant.mistake);
  }
  return shown_steps(problem, chosen);
}

}  // namespace attn::tools
