#include "verify_command.hpp"

#include "../common/formats.hpp"
#include "verify_report.hpp"
#include "verify_text.hpp"

#include <attn/error.hpp>
#include <attn/io/source.hpp>
#include <attn/render/json.hpp>
#include <attn/verify/mistakes.hpp>

#include <fmt/format.h>

#include <numeric>

namespace attn::tools {
namespace {

std::map<Step, Shape> shapes_of(const Problem<double>& problem) {
  std::map<Step, Shape> shapes;
  for (const auto& [step, tensor] : run_problem(problem)) shapes[step] = shape_of(tensor);
  return shapes;
}

std::vector<ForeignTensor> read_submission(const std::string& path, const AttentionCommand& command) {
  MemoryBudget budget(command.run.max_memory);
  std::vector<ForeignTensor> tensors;
  for (const io::NamedArray& named : io::read_all(path, io::MemoryLimit(budget.left()), io::EmptyCells::allowed)) {
    // A file of one array without a name stands for the result.
    const std::string name = named.name.empty() ? std::string(name_of(Step::output)) : named.name;
    tensors.push_back({name, io::to_tensor<double>(named.array, path + ":" + name), named.unfilled});
    budget.charge(tensors.back().tensor.size() * sizeof(double), path);
  }
  return tensors;
}

// A step that was left blank for others to fill in, and is not there at all, was not filled in.
void require_blanks(Submission& theirs, const std::map<Step, Shape>& ours, const OutputOptions& output) {
  for (const auto& [step, shape] : ours) {
    if (!is_blank(output, std::string(name_of(step))) || theirs.tensors.count(step)) continue;
    std::vector<std::size_t>& cells = theirs.unfilled[step];
    cells.resize(element_count(shape).value_or(0));
    std::iota(cells.begin(), cells.end(), std::size_t{0});
  }
}

Judged judge(const std::string& file, const AttentionCommand& command, const Problem<double>& problem) {
  const VerifyCommandOptions& o = command.verify;
  const std::map<Step, Shape> ours = shapes_of(problem);
  Judged judged{file, align(read_submission(file, command), ours, o.map), {}};
  require_blanks(judged.theirs, ours, command.output);
  VerifyOptions options;
  if (o.rtol) options.tolerance = Tolerance{*o.rtol, *o.atol, o.equal_nan};
  options.equal_nan = o.equal_nan;
  options.decimals = o.decimals;
  judged.verification = verify(problem, judged.theirs, options);
  return judged;
}

void write_json_report(const std::vector<Judged>& judged, const AttentionCommand& command, const Problem<double>& problem) {
  render::StringOutput output;
  const int hint = command.verify.hint;
  if (judged.size() == 1) {
    render::write_json(output, json_of(judged.front(), problem, command.output.language, hint));
  } else {
    render::JsonArray reports;
    for (const Judged& one : judged) reports.push_back(json_of(one, problem, command.output.language, hint));
    render::write_json(output, render::JsonObject{{"reports", std::move(reports)}});
  }
  write_text_result(output.text(), command.output);
}

void write_text_report(const std::vector<Judged>& judged, const AttentionCommand& command, const Problem<double>& problem) {
  const VerifyPage page{command.output.language, command.verify.hint, wants_colour(command.output)};
  std::string text;
  if (judged.size() > 1) text = render::table_text(table_of(judged, page.language, page.hint)) + "\n";
  for (std::size_t i = 0; i < judged.size(); ++i) text += (i > 0 ? "\n" : "") + text_of(judged[i], problem, page);
  write_text_result(text, command.output);
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
  for (const std::string& file : command.verify.files) judged.push_back(judge(file, command, problem));
  const std::string format = chosen_format(command.output).name;
  if (format == "json") {
    write_json_report(judged, command, problem);
  } else if (format == "text") {
    write_text_report(judged, command, problem);
  } else {
    // Words that programs read do not depend on the language.
    const lessons::Language language = format == "csv" ? lessons::Language::en : command.output.language;
    const int hint = command.verify.hint;
    const bool steps = judged.size() == 1 && tells(hint, hint_where);
    write_table(steps ? table_of_steps(judged.front(), language, hint) : table_of(judged, language, hint), "", command.output);
  }
  for (const Judged& one : judged) {
    if (one.verification.verdict != Verdict::match) return exit_different;
  }
  return exit_done;
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
