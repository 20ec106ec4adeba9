#include "attention_command.hpp"

#include "../common/formats.hpp"
#include "cell_report.hpp"
#include "gradient_report.hpp"
#include "report.hpp"
#include "run_formula.hpp"
#include "step_list.hpp"
#include "verify_command.hpp"

#include <attn/error.hpp>
#include <attn/verify/mistakes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace attn::tools {
namespace {

// A mask says −inf on purpose, and so do the scores and maxima under it; NaN and +inf never.
bool may_be_minus_infinity(Step step) {
  return step == Step::mask || step == Step::scores_masked || step == Step::row_max;
}

// "q[0,0,1,1]", as --cell takes it.
std::string cell_at(const TraceEntry& entry, std::size_t flat) {
  std::string index;
  for (std::size_t axis = entry.tensor.rank(); axis-- > 0;) {
    const std::size_t size = entry.tensor.shape()[axis];
    index = std::to_string(flat % size) + (index.empty() ? "" : "," + index);
    flat /= size;
  }
  return entry.name + "[" + index + "]";
}

std::vector<std::string> ids_of_mistakes() {
  std::vector<std::string> ids;
  for (const Mistake& mistake : mistake_table()) {
    if (std::find(ids.begin(), ids.end(), mistake.id) == ids.end()) ids.push_back(mistake.id);
  }
  return ids;
}

}  // namespace

render::JsonObject json_header(const AttentionCommand& command, const AttentionResult& result) {
  render::JsonObject header = {{"tool", "attn-compute"},
                               {"version", ATTNSCOPE_VERSION},
                               {"command", command.subcommand},
                               {"dtype", to_string(result.trace.precision)},
                               {"seed", command.run.seed},
                               {"path", takes_fused_path(command) || shows_tiles(command) ? "fused" : "reference"},
                               {"sizes", render::json_of(result.trace.sizes)},
                               {"scale", result.facts.scale}};
  if (!command.verify.mistakes.empty()) {
    render::JsonArray ids;
    for (const std::string& id : command.verify.mistakes) ids.emplace_back(id);
    header.emplace_back("mistakes", std::move(ids));
  }
  if (result.layout) header.emplace_back("layout", result.layout->name);
  return header;
}

void require_finite(const Trace& trace) {
  for (const TraceEntry& entry : trace.entries) {
    for (std::size_t i = 0; i < entry.tensor.size(); ++i) {
      const double value = entry.tensor[i];
      if (std::isfinite(value)) continue;
      if (value == -std::numeric_limits<double>::infinity() && may_be_minus_infinity(entry.step)) continue;
      throw NonFiniteError(cell_at(entry, i), fmt::format("is {}, and --strict asks for finite results", value));
    }
  }
}

AttentionCommand::AttentionCommand(CLI::App& app, std::string name, const std::string& default_scale, Purpose purpose)
    : subcommand(std::move(name)), tensors(app) {
  add_score_options(app, scores, tensors, default_scale);
  add_run_options(app, run);
  add_verify_options(app, verify);
  if (purpose == Purpose::gradient) {
    gradient.emplace();
    add_gradient_options(app, *this);
    return;
  }
  add_worksheet_checks(app, verify);
  add_mistake_option(app, verify);
  add_output_options(app, output);
}

void check_verify(const AttentionCommand& command) {
  if (command.gradient && command.run.dtype != Precision::float64) {
    throw UsageError("--dtype", "expected float64, found float32: a gradient is held against finite differences, which float32 has too few digits for");
  }
  check_verify_options(command.verify, command.run.dtype, ids_of_mistakes);
  if (command.output.show_recipe && !command.verify.mistakes.empty()) {
    throw UsageError("--show-recipe", "cannot be combined with --mistake: PyTorch does not make mistakes to order");
  }
  if (command.verify.files.empty()) return;
  const OutputOptions& o = command.output;
  if (o.show_recipe) throw UsageError("--show-recipe", "cannot be combined with --verify: it prints a program and computes nothing");
  check_findings_only(o, command.run);
  if (command.gradient && o.detail) throw UsageError("--detail", "cannot be combined with --verify, which holds the gradients of the inputs and the steps, not of the inside of softmax");
  if (command.gradient && command.gradient->measured) throw UsageError("--measure", "cannot be combined with --verify, which holds gradients against ours, not against differences");
}

void check_findings_only(const OutputOptions& o, const RunOptions& run) {
  const std::pair<bool, const char*> without_effect[] = {
      {o.list_steps, "--list-steps"}, {!o.cell.empty(), "--cell"},           {o.matrix, "--matrix"}, {o.labels, "--labels"},
      {!o.steps.empty(), "--steps"},  {o.precision.has_value(), "--precision"}, {o.full, "--full"},
      {run.strict, "--strict"},
  };
  for (const auto& [given, option] : without_effect) {
    if (given) throw UsageError(option, "cannot be combined with --verify, which prints its findings instead of the steps");
  }
}

RunPlan plan_of(const AttentionCommand& command) {
  const ScoreOptions& scores = command.scores;
  RunPlan plan;
  if (takes_fused_path(command)) {
    plan.matrices = false;
    return plan;
  }
  plan.cache = command.tensors.has("--past-key");
  plan.softcap = scores.softcap.has_value();
  plan.mask = scores.causal || !scores.valid_lens.empty() || scores.window.bounded() || command.tensors.has("--mask");
  plan.detail = command.output.detail;
  plan.dropout = scores.dropout > 0;
  return plan;
}

// The trace of the same run with mistakes in it; the tensors must outlive the trace.
Trace mistaken_trace(const Trace& right, const std::map<Step, Tensor<double>>& steps) {
  Trace wrong{right.sizes, right.precision, {}};
  for (const TraceEntry& entry : right.entries) {
    const auto found = steps.find(entry.step);
    wrong.entries.push_back({entry.name, entry.step, entry.axes, found != steps.end() ? TensorView(found->second) : entry.tensor});
  }
  return wrong;
}

void check_worksheet(const AttentionCommand& command) {
  if (!command.output.blank.empty() && !command.output.cell.empty()) {
    throw UsageError("--blank", "prints a worksheet, and --cell the working of one number; give one of them");
  }
}

int present(const AttentionCommand& command, AttentionResult result) {
  if (command.inspect) {
    command.inspect(*result.problem);
    return exit_done;
  }
  if (command.gradient) return present_gradient(command, result.trace.sizes, *result.problem, *result.upstream);
  check_worksheet(command);
  std::map<Step, Tensor<double>> wrong;
  if (!command.verify.mistakes.empty()) {
    wrong = run_wrong(command, *result.problem);
    result.trace = mistaken_trace(result.trace, wrong);
  }
  if (!command.output.cell.empty()) {
    write_cell(command, result);
  } else {
    const Trace shown = select_steps(result.trace, command.output.steps);
    check_blank(command.output, names_of(shown));
    const NoteContext context(command, result);
    write_report({shown, [&]() { return document_of(command, result, shown); }, json_header(command, result),
                  [&](const TraceEntry& entry) { return run_formula(context, entry.step, lessons::Language::en).text; }},
                 command.output);
  }
  if (command.run.strict) require_finite(result.trace);
  return exit_done;
}

int list_steps(const AttentionCommand& command, const RunPlan& everything, const std::vector<Step>& parameters) {
  check_verify(command);
  RunPlan least = everything;
  least.cache = least.softcap = least.mask = least.detail = least.dropout = least.averaged_weights = least.memory_value = false;
  if (command.subcommand == "dot") least.inputs = least.query_map = least.key_map = least.value_map = false;
  if (command.subcommand != "cross") least.memory = false;
  const std::vector<Step> always = planned_steps(least);
  std::vector<ListedStep> listed;
  for (const Step step : planned_steps(everything)) {
    listed.push_back({std::string(name_of(step)), step, std::find(always.begin(), always.end(), step) == always.end()});
  }
  for (const Step step : parameters) listed.push_back({std::string(name_of(step)), step});
  return write_step_list(listed, command.output);
}

}  // namespace attn::tools
