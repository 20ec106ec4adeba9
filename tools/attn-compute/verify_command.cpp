#include "verify_command.hpp"

#include "../common/verify_files.hpp"
#include "verify_values.hpp"

#include <attn/error.hpp>
#include <attn/verify/mistakes.hpp>

namespace attn::tools {
namespace {

std::map<Step, Shape> shapes_of(const Problem<double>& problem) {
  std::map<Step, Shape> shapes;
  for (const auto& [step, tensor] : run_problem(problem)) shapes[step] = shape_of(tensor);
  return shapes;
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
    Submission theirs = aligned(read_submission(file, Step::output, command.run.max_memory), shapes_of(problem), command.verify.map, command.output);
    Verification found = verify(problem, theirs, verify_options_of(command.verify));
    judged.push_back({file, std::move(theirs), std::move(found)});
  }
  ReportWords words;
  words.language = command.output.language;
  words.values = [&](const Diagnosis& diagnosis) { return values_of_run(problem, diagnosis, words.language); };
  words.measured = [&](const Diagnosis& diagnosis, const Judged& one) { return values_measured(problem, diagnosis, one); };
  words.sizes = problem.sizes;
  words.hint = command.verify.hint;
  words.color = wants_colour(command.output);
  return report_judged(judged, words, command.output);
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
