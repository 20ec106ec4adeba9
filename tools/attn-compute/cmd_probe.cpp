// Writes an input and weights that reveal mistakes, and prints the program that runs them through PyTorch.
#include "../common/choices.hpp"
#include "../common/formats.hpp"
#include "../common/page_width.hpp"
#include "layer_command.hpp"
#include "probe_cases.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/render/display_width.hpp>
#include <attn/verify/revealed.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>

namespace attn::tools {
namespace {

constexpr std::size_t program_width = 100;
constexpr const char* steps_file = "steps.npz";

struct ProbeCommand {
  const ProbeCase* chosen = nullptr;  ///< empty: all, for the list
  OutputOptions output;
};

std::string word(const ProbeCommand& c, const std::string& entry, const lessons::Placeholders& values = {}) {
  return lessons::lesson(c.output.language).note("probe", entry, values).value_or(entry);
}

// The command of the case, `mha` or `layer`, ready to run in this process.
struct ProbeRun {
  ProbeRun(const ProbeCase& probe, const std::string& file, bool recipe) {
    if (probe.kind == ProbeKind::attention) {
      command = add_mha(app, Purpose::steps);
      run = [this]() { run_module(*command); };
    } else {
      const std::shared_ptr<LayerCommand> layer = add_layer(app, Purpose::steps);
      command = layer;
      run = [layer]() { run_layer(*layer); };
    }
    std::vector<std::string> words = probe_arguments(probe, file);
    if (recipe) words.emplace_back("--show-recipe");
    std::reverse(words.begin(), words.end());  // as CLI11 takes a vector
    app.parse(words);
  }

  CLI::App app;
  std::shared_ptr<ModuleCommand> command;
  std::function<void()> run;
};

struct Survey {
  Revealed revealed;
  std::vector<std::string> steps;  ///< all of the run, by name
};

Survey survey_of(const ProbeCase& probe, const std::string& file) {
  Survey survey;
  ProbeRun run(probe, file, false);
  run.command->inspect = [&](const Problem<double>& problem) {
    survey.revealed = mistakes_revealed_by(problem);
    for (const auto& [step, tensor] : run_problem(problem)) survey.steps.emplace_back(name_of(step));
  };
  run.run();
  return survey;
}

std::vector<io::NamedView> views_of(const std::vector<ProbeTensor>& tensors) {
  std::vector<io::NamedView> views;
  for (const ProbeTensor& tensor : tensors) views.push_back({tensor.name, tensor.tensor});
  return views;
}

// A word of a command line as a shell takes it.
std::string quoted(const std::string& text) {
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,-+") == std::string::npos) return text;
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string command_line(const ProbeCase& probe, const std::string& file) {
  std::string line = "attn-compute " + probe.subcommand();
  for (const std::string& argument : probe_arguments(probe, file)) line += " " + quoted(argument);
  return line;
}

// A paragraph as lines of comment; an empty one for "".
std::string comment(const std::string& paragraph, const std::string& indent = " ") {
  if (paragraph.empty()) return "#\n";
  std::string text;
  for (const std::string& line : render::wrap(paragraph, program_width - 1 - indent.size())) text += "#" + indent + line + "\n";
  return text;
}

std::string list_of(const std::vector<std::string>& ids) { return fmt::format("{}", fmt::join(ids, " ")); }

// What stands before the program: for what the case is, what to do with it, how to check.
std::string introduction(const ProbeCommand& c, const Survey& survey) {
  const ProbeCase& probe = *c.chosen;
  std::string text = comment(word(c, "title", {{"name", probe.name}, {"found", word(c, "for_" + probe.name)}}));
  text += comment("") + comment(word(c, "written", {{"name", c.output.path}})) + comment(word(c, "run", {{"name", steps_file}}));
  text += comment(word(c, "check")) + fmt::format("#     {} --verify {}\n", command_line(probe, c.output.path), steps_file);
  text += comment("") + comment(word(c, "reveals", {{"count", std::to_string(survey.revealed.shown.size())}, {"list", list_of(survey.revealed.shown)}}));
  std::vector<std::string> hidden = survey.revealed.unchanged;
  hidden.insert(hidden.end(), survey.revealed.impossible.begin(), survey.revealed.impossible.end());
  text += comment(word(c, "hides", {{"list", list_of(hidden)}}));
  return text + comment(word(c, "always", {{"list", list_of(survey.revealed.always)}})) + "\n";
}

std::string saving_lines(const ProbeCommand& c, const Survey& survey) {
  std::string names;
  for (const std::string& step : survey.steps) names += (names.empty() ? "\"" : ", \"") + step + "\"";
  std::string text = "\n" + comment(word(c, "save"));
  text += fmt::format("names = [{}]\n", names);
  // The program of a layer keeps its steps in a dictionary, because their names are paths.
  const char* const where = c.chosen->kind == ProbeKind::attention ? "globals()" : "steps";
  return text + fmt::format("np.savez(\"{0}\", **{{name: {1}[name].detach().numpy() for name in names if name in {1}}})\n", steps_file, where);
}

void print(const std::string& text) {
  const auto out = io::open_sink("-", io::Overwrite::no);
  out->write(text);
  out->finish();
}

// The archive, and on standard output the program that uses it.
int write_probe(const ProbeCommand& c, const Format& format) {
  if (!c.chosen) throw UsageError("--case", "is missing: choose one of the cases that attn-compute probe lists");
  if (format.name != "npz" && format.name != "safetensors") throw UsageError("--format", format.name + " cannot hold an input and weights; choose npz or safetensors");
  const std::vector<ProbeTensor> tensors = probe_tensors(*c.chosen);
  const auto sink = open_result(c.output);
  if (format.name == "npz") {
    io::write_npz(*sink, views_of(tensors));
  } else {
    io::write_safetensors(*sink, views_of(tensors));
  }
  sink->finish();
  if (c.output.path == "-") return exit_done;
  const Survey survey = survey_of(*c.chosen, c.output.path);
  print(introduction(c, survey));
  ProbeRun recipe(*c.chosen, c.output.path, true);
  // Before it is compared with PyTorch's own module: a wrong one stops the program there.
  recipe.command->output.recipe_saving = saving_lines(c, survey);
  recipe.run();
  return exit_done;
}

render::Table table_of(const ProbeCommand& c) {
  render::Table table;
  table.columns = {{word(c, "column_case"), render::Alignment::left, "case"}, {word(c, "column_for"), render::Alignment::left, "for"}};
  for (const ProbeCase& probe : probe_cases()) {
    if (!c.chosen || c.chosen == &probe) table.rows.push_back({probe.name, word(c, "for_" + probe.name)});
  }
  return table;
}

int run_probe(const ProbeCommand& c) {
  const Format& format = chosen_format(c.output);
  if (!format.table) return write_probe(c, format);
  const auto preface = [&c]() {
    std::string text;
    for (const std::string& line : render::wrap(word(c, "list"), page_width(c.output))) text += line + "\n";
    return text + "\n";
  };
  write_table([&]() { return PrefacedTable{word(c, "heading"), preface(), table_of(c)}; }, c.output);
  return exit_done;
}

}  // namespace

Run setup_probe(CLI::App& app) {
  auto command = std::make_shared<ProbeCommand>();
  Choices<const ProbeCase*> choices;
  for (const ProbeCase& probe : probe_cases()) choices.emplace_back(probe.name, &probe);
  add_choice(app, "--case", command->chosen, choices, "Which case to write (without --output: to list; default all)")->group("Options");
  add_report_options(app, command->output);
  return [command]() { return run_probe(*command); };
}

}  // namespace attn::tools
