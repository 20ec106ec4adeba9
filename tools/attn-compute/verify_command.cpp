#include "verify_command.hpp"

#include "../common/formats.hpp"
#include "verify_report.hpp"

#include <attn/error.hpp>
#include <attn/io/file.hpp>
#include <attn/io/source.hpp>
#include <attn/render/json.hpp>
#include <attn/verify/mistakes.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace attn::tools {
namespace {

// float32 and what is narrower stay in float32.
StoredTensor stored(const io::Array& array, const std::string& subject) {
  const bool narrow = array.dtype == DType::float32 || array.dtype == DType::float16 || array.dtype == DType::bfloat16;
  if (narrow) return io::to_tensor<float>(array, subject);
  return io::to_tensor<double>(array, subject);
}

std::vector<ForeignTensor> read_submission(const std::string& path, const AttentionCommand& command) {
  MemoryBudget budget(command.run.max_memory);
  std::vector<io::NamedArray> arrays = io::read_all(path, io::MemoryLimit(budget.left()));
  std::vector<ForeignTensor> tensors;
  for (io::NamedArray& read : arrays) {
    const io::NamedArray named = std::move(read);  // its bytes end with its turn
    // A file of one array without a name stands for the result.
    const std::string name = named.name.empty() ? std::string(name_of(Step::output)) : named.name;
    tensors.push_back({name, stored(named.array, path + ":" + name)});
    budget.charge(tensors.back().tensor.view().bytes(), path);
    io::forget_pages(named.array.bytes);
  }
  return tensors;
}

Judged judge(const std::string& file, const AttentionCommand& command, const Problem<double>& problem) {
  const VerifyCommandOptions& o = command.verify;
  Judged judged{file, align(read_submission(file, command), step_shapes(problem), o.map), {}, {}};
  VerifyOptions options;
  if (o.rtol) options.tolerance = Tolerance{*o.rtol, *o.atol, o.equal_nan};
  options.equal_nan = o.equal_nan;
  judged.verification = verify(problem, judged.theirs, options);
  judged.theirs.tensors.clear();  // several submissions are not held at once
  return judged;
}

// One of several: a file that cannot be read is a line of the table, and the others are judged all the same.
Judged judge_or_refuse(const std::string& file, const AttentionCommand& command, const Problem<double>& problem) {
  try {
    return judge(file, command, problem);
  } catch (const UsageError& error) {
    if (command.verify.map.empty()) throw;  // --map may fit one file and not another
    return {file, {}, {}, error};
  } catch (const Error& error) {
    return {file, {}, {}, error};
  }
}

int exit_code_of(const Judged& judged) {
  if (judged.refused) return static_cast<int>(judged.refused->kind());
  return judged.verification.verdict == Verdict::match ? exit_done : exit_different;
}

void write_json_report(const std::vector<Judged>& judged, const AttentionCommand& command, const Problem<double>& problem) {
  render::StringOutput output;
  if (judged.size() == 1) {
    render::write_json(output, json_of(judged.front(), problem, command.output.language));
  } else {
    render::JsonArray reports;
    for (const Judged& one : judged) reports.push_back(json_of(one, problem, command.output.language));
    render::write_json(output, render::JsonObject{{"reports", std::move(reports)}});
  }
  write_text_result(output.text(), command.output);
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
  const bool alone = command.verify.files.size() == 1;
  for (const std::string& file : command.verify.files) {
    judged.push_back(alone ? judge(file, command, problem) : judge_or_refuse(file, command, problem));
  }
  const std::string format = chosen_format(command.output).name;
  if (format == "json") {
    write_json_report(judged, command, problem);
  } else if (format == "text") {
    std::string text;
    if (judged.size() > 1) text = render::table_text(table_of(judged)) + "\n";
    for (const Judged& one : judged) text += text_of(one, problem, command.output.language) + "\n";
    write_text_result(text, command.output);
  } else {
    write_table(judged.size() == 1 ? table_of_steps(judged.front()) : table_of(judged), "", command.output);
  }
  int worst = exit_done;
  for (const Judged& one : judged) worst = std::max(worst, exit_code_of(one));
  return worst;
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
