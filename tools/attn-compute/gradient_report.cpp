#include "gradient_report.hpp"

#include "../common/formats.hpp"
#include "../common/numbers.hpp"
#include "gradient_formula.hpp"
#include "gradient_verify.hpp"
#include "step_list.hpp"

#include <attn/error.hpp>
#include <attn/grad/backward.hpp>
#include <attn/grad/finite_difference.hpp>
#include <attn/gradient_steps.hpp>
#include <attn/layer_steps.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/csv.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

namespace attn::tools {
namespace {

using S = Step;

// Differences are good to about 1e-9 of the largest number; a wrong rule is off by far more.
constexpr double agreement = 1e-6;

struct Backward {
  const AttentionCommand& command;
  const Problem<double>& problem;
  std::vector<Gradient> gradients;
  std::vector<std::vector<FiniteDifference>> measured;  // of each gradient
  Trace trace;
};

// Axes that the step table gives; a tensor of another rank (an input without a batch axis) has the last of them.
std::string axes_of_gradient(const Gradient& gradient, const Sizes& sizes) {
  const std::vector<std::string> axes = split_axes(axes_of(differentiated(base_of(gradient.of)), sizes));
  const std::size_t rank = gradient.value.dimension();
  std::string text;
  for (std::size_t i = axes.size() < rank ? 0 : axes.size() - rank; i < axes.size(); ++i) text += (text.empty() ? "" : ", ") + axes[i];
  return axes.size() < rank ? (rank == 4 ? "B, H, Lq, Dv" : "") : text;
}

Backward run_backward(const AttentionCommand& command, const Sizes& sizes, const Problem<double>& problem, const Tensor<double>& upstream) {
  Backward run{command, problem, backward(problem, upstream), {}, Trace{sizes, Precision::float64, {}}};
  for (const Gradient& gradient : run.gradients) {
    run.measured.push_back(finite_differences(problem, gradient.of, upstream, command.gradient->measurements()));
    const Step step = gradient_of(gradient.of);
    run.trace.entries.push_back({std::string(name_of(step)), step, axes_of_gradient(gradient, sizes), TensorView(gradient.value)});
  }
  return run;
}

std::size_t index_of(const Backward& run, const TraceEntry& entry) {
  for (std::size_t i = 0; i < run.gradients.size(); ++i) {
    if (gradient_of(run.gradients[i].of) == entry.step) return i;
  }
  throw std::logic_error("an entry of another run");
}

lessons::Placeholders placeholders_of(const Backward& run, std::size_t index) {
  const Gradient& gradient = run.gradients[index];
  return {{"count", std::to_string(run.measured[index].size())},
          {"total", std::to_string(gradient.value.size())},
          {"step", std::string(name_of(gradient.of))},
          {"found", fmt::format("{:.1e}", largest_error(gradient.value, run.measured[index]))}};
}

render::Check check_of(const Backward& run, std::size_t index) {
  const bool passed = largest_error(run.gradients[index].value, run.measured[index]) <= agreement;
  const char* key = passed ? "finite_difference" : "finite_difference.failed";
  return {lessons::lesson(run.command.output.language).note("check", key, placeholders_of(run, index)).value_or(key), passed};
}

// The largest number of a gradient among those measured, beside what was measured there.
std::string largest_measured(const Backward& run, std::size_t index) {
  const Tensor<double>& value = run.gradients[index].value;
  const FiniteDifference* largest = nullptr;
  for (const FiniteDifference& each : run.measured[index]) {
    if (!largest || std::abs(value.data()[each.element]) > std::abs(value.data()[largest->element])) largest = &each;
  }
  if (!largest) return "";
  std::string place;
  std::size_t rest = largest->element;
  const Shape shape = shape_of(value);
  for (std::size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
    place = std::to_string(rest % shape[axis]) + (place.empty() ? "" : ",") + place;
  }
  return lessons::lesson(run.command.output.language)
      .note("check", "finite_difference.largest",
            {{"step", std::string(name_of(gradient_of(run.gradients[index].of))) + "[" + place + "]"},
             {"found", fmt::format("{:.10g}", value.data()[largest->element])},
             {"expected", fmt::format("{:.10g}", largest->value)}})
      .value_or("");
}

render::Section section_of(const Backward& run, const TraceEntry& entry, int number) {
  const lessons::Language language = run.command.output.language;
  const std::size_t index = index_of(run, entry);
  const Gradient& gradient = run.gradients[index];
  render::Section section;
  section.number = number;
  section.name = entry.name;
  section.symbol = step_info(entry.step).symbol;
  section.formula = gradient_formula(run.problem, gradient).text;
  section.latex = gradient_formula(run.problem, gradient).latex;
  section.meaning = lessons::meaning(language, entry.step);
  section.panel = render::Panel{entry.tensor, split_axes(entry.axes), {}, {}, render::Shading::diverging, false};
  // The note about the scores before the mask speaks of keys that it forbids.
  const bool unmasked = !gradient.terms.empty() && gradient.terms.front()->operand == S::scores_scaled && gradient.terms.front()->consumer == S::scores_masked;
  if (run.command.output.notes && !unmasked) {
    const std::string key(step_info(base_of(entry.step)).name);
    section.notes = lessons::lesson(language).paragraphs(key);
  }
  if (run.command.gradient->measurements() > 0) {
    section.checks.push_back(check_of(run, index));
    if (run.command.output.notes) section.notes.push_back(largest_measured(run, index));
  }
  return section;
}

render::Document document_of(const Backward& run, const Trace& shown) {
  const lessons::Lesson& lesson = lessons::lesson(run.command.output.language);
  render::Document document;
  document.title = lesson.note("title", "gradient", {{"name", run.command.subcommand}}).value_or("gradient");
  if (run.command.output.notes) document.introduction = lesson.paragraphs("intro", "gradient");
  for (const TraceEntry& entry : shown.entries) {
    document.sections.push_back(section_of(run, entry, static_cast<int>(document.sections.size()) + 1));
  }
  if (run.command.output.notes) document.closing = lesson.paragraphs("closing", "gradient");
  return document;
}

// One number for each element of a gradient; NaN where nothing was measured.
std::vector<double> measured_column(const Backward& run, std::size_t index) {
  std::vector<double> column(run.gradients[index].value.size(), std::numeric_limits<double>::quiet_NaN());
  for (const FiniteDifference& each : run.measured[index]) column[each.element] = each.value;
  return column;
}

void write_tidy(const Backward& run, const Trace& shown) {
  const OutputOptions& options = run.command.output;
  const auto sink = open_result(options);
  SinkOutput output(*sink);
  render::TidyCsv csv(output, {options.precision}, "finite_difference");
  for (const TraceEntry& entry : shown.entries) csv.add(entry.name, split_axes(entry.axes), entry.tensor, render::Cells::filled, measured_column(run, index_of(run, entry)));
  csv.finish();
  sink->finish();
}

render::JsonArray measured_json(const Backward& run, const Trace& shown) {
  render::JsonArray all;
  for (const TraceEntry& entry : shown.entries) {
    const std::size_t index = index_of(run, entry);
    render::JsonArray values;
    for (const FiniteDifference& each : run.measured[index]) {
      values.emplace_back(render::JsonArray{static_cast<std::uint64_t>(each.element), each.value});
    }
    const double error = largest_error(run.gradients[index].value, run.measured[index]);
    all.emplace_back(render::JsonObject{{"step", entry.name}, {"largest_error", error}, {"agrees", error <= agreement}, {"element_and_value", std::move(values)}});
  }
  return all;
}

PrefacedTable list_of_gradients(const Backward& run) {
  render::Table table;
  table.columns = step_columns(run.command.output.language, {"step", "formula", "axes", "meaning"});
  for (const TraceEntry& entry : run.trace.entries) {
    table.rows.push_back({entry.name, gradient_formula(run.problem, run.gradients[index_of(run, entry)]).text, entry.axes, lessons::meaning(run.command.output.language, entry.step)});
  }
  return {lessons::lesson(run.command.output.language).note("page", "gradients").value_or(""), "", std::move(table)};
}

// The numbers forward once more, the gradients while they are added up and as they are handed out, and a run that is
// measured.
void charge_backward(const AttentionCommand& command, const Sizes& sizes, const Problem<double>& problem) {
  std::vector<Step> steps;
  for (const Step step : problem.steps) steps.push_back(base_of(step));
  MemoryBudget budget(command.run.max_memory);
  for (int copy = 0; copy < 4; ++copy) budget.charge(planned_bytes(steps, sizes, Precision::float64), "the gradients of this run");
}

}  // namespace

void add_gradient_options(CLI::App& app, AttentionCommand& command) {
  command.tensors.add("--upstream", "∇Y: the gradient of the loss L = Σ Y ⊙ ∇Y with respect to the output Y (default randn, drawn last)");
  app.add_option_function<std::string>(
         "--measure", [&command](const std::string& text) { command.gradient->measured = parse_whole("--measure", text, 0, std::size_t{1} << 40); },
         "Also measure up to N numbers of each gradient by finite differences (default 64)")
      ->type_name("N")
      ->group("Numbers");
  add_step_options(app, command.output);
}

Tensor<double> take_upstream(AttentionCommand& command, const Shape& output, TorchGenerator& random) {
  if (!command.tensors.has("--upstream")) {
    const Tensor<float> drawn = randn(random, output);
    Tensor<double> widened = empty<double>(output);
    std::copy(drawn.data(), drawn.data() + drawn.size(), widened.data());
    return widened;
  }
  const Shape& shape = command.tensors.find("--upstream")->shape();
  if (shape != output) throw ShapeError("--upstream", "has shape " + to_string(shape) + ", expected that of the output, " + to_string(output));
  return command.tensors.take<double>("--upstream");
}

int present_gradient(const AttentionCommand& command, const Sizes& sizes, const Problem<double>& problem, const Tensor<double>& upstream) {
  charge_backward(command, sizes, problem);
  if (!command.verify.files.empty()) return verify_gradient_files(command, sizes, problem, upstream);
  const Backward run = run_backward(command, sizes, problem, upstream);
  if (command.output.list_steps) {
    write_table([&]() { return list_of_gradients(run); }, run.command.output);
    return exit_done;
  }
  const Trace shown = select_steps(run.trace, command.output.steps);
  if (chosen_format(command.output).name == "csv" && !command.output.matrix && command.gradient->measurements() > 0) {
    write_tidy(run, shown);
  } else {
    render::JsonObject header = {{"tool", "attn-compute"}, {"version", ATTNSCOPE_VERSION}, {"command", "gradient " + command.subcommand},
                                 {"dtype", to_string(Precision::float64)}, {"seed", command.run.seed}, {"sizes", render::json_of(sizes)}};
    if (command.gradient->measurements() > 0) header.emplace_back("finite_differences", measured_json(run, shown));
    write_report({shown, [&]() { return document_of(run, shown); }, std::move(header),
                  [&](const TraceEntry& entry) { return gradient_formula(run.problem, run.gradients[index_of(run, entry)]).text; }},
                 command.output);
  }
  if (command.run.strict) require_finite(run.trace);
  return exit_done;
}

}  // namespace attn::tools
