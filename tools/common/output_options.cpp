#include "output_options.hpp"

#include "array_report.hpp"
#include "choices.hpp"
#include "formats.hpp"
#include "numbers.hpp"
#include "table_report.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fnmatch.h>
#include <unistd.h>

namespace attn::tools {
namespace {

constexpr const char* group = "Output";

// zh for a Chinese locale, by the order in which POSIX looks at the variables.
lessons::Language language_of_locale() {
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value && *value) return std::strncmp(value, "zh", 2) == 0 ? lessons::Language::zh : lessons::Language::en;
  }
  return lessons::Language::en;
}

std::string format_help() {
  std::string help = "Format (default: by the extension of --output, else text):";
  for (const Format& format : format_table()) help += "\n  " + format.name + ": " + format.description;
  return help;
}

std::string format_help(std::vector<std::string> names, const OutputOptions& o) {
  if (o.has_picture) names.push_back("gnuplot (the picture's script with its data)");
  return "Format: " + list_of_words(names) + " (default: by the extension of --output, else text)";
}

std::string table_format_help(const OutputOptions& o) {
  std::vector<std::string> names;
  for (const Format& format : format_table()) {
    if (format.table) names.push_back(format.name);
  }
  return format_help(names, o);
}

std::string any_format_help(const OutputOptions& o) {
  std::vector<std::string> names;
  for (const Format& format : format_table()) names.push_back(format.name);
  return format_help(names, o);
}

void add_text(CLI::App& app, const char* option, const char* type, const std::string& help,
              std::function<void(const std::string&)> set) {
  app.add_option_function<std::string>(option, std::move(set), help)->type_name(type)->group(group);
}

// The options that every kind of result has.
void add_destination(CLI::App& app, OutputOptions& o, const std::string& formats, const char* output = "-o,--output") {
  add_text(app, "-f,--format", "FORMAT", formats, [&o](const std::string& name) {
    o.as_script = o.has_picture && name == "gnuplot";
    if (!o.as_script) o.format = &find_format(name);
  });
  add_text(app, output, "PATH", "File to write; - is standard output", [&o](const std::string& path) {
    if (path.empty()) throw UsageError("--output", "expected a path, found nothing");
    o.path = path;
    o.path_given = true;
  });
  app.add_flag("--force", o.force, "Replace an existing file")->group(group);
}

void add_precision(CLI::App& app, OutputOptions& o) {
  add_text(app, "--precision", "N", "Digits after the point (default 4 in text, Markdown and LaTeX; CSV and JSON read back exactly)",
           [&o](const std::string& text) { o.precision = static_cast<int>(parse_whole("--precision", text, 0, 30)); });
}

void add_width(CLI::App& app, OutputOptions& o) {
  add_text(app, "--width", "N", "Columns of the page of text (default: the terminal's, from 40 to 160; COLUMNS, or 100, in a pipe)",
           [&o](const std::string& text) { o.width = parse_whole("--width", text, 40, 1000); });
}

void add_notes(CLI::App& app, OutputOptions& o, const std::string& help) {
  add_width(app, o);
  o.language = language_of_locale();
  add_switch(app, group, {"--notes", help}, {"--no-notes", "Numbers without explanations"}, [&o](bool notes) { o.notes = notes; });
  static const Choices<lessons::Language> languages = {{"en", lessons::Language::en}, {"zh", lessons::Language::zh}};
  add_choice(app, "--lang", o.language, languages, "Language of the explanations (default: from the locale)")->group(group);
}

void add_colour(CLI::App& app, OutputOptions& o) {
  static const Choices<Colour> colours = {{"auto", Colour::automatic}, {"always", Colour::always}, {"never", Colour::never}};
  add_choice(app, "--color", o.colour, colours, "Colour (default auto: on a terminal, unless NO_COLOR is set or TERM is dumb)")->group(group);
}

void add_full(CLI::App& app, OutputOptions& o) {
  app.add_flag("--full", o.full, "Show large tensors whole instead of leaving out their middle")->group(group);
}

// Why a glob selected nothing: a name no step has, or a step that this run does not compute.
UsageError no_such_step(const char* option, const std::string& glob, const std::vector<std::string>& here) {
  std::vector<std::string> known;
  for (const StepInfo& row : step_table()) {
    if (matches_step(glob, std::string(row.name))) {
      const bool blank = option == std::string("--blank");
      return UsageError(option, fmt::format("'{}' is not computed{} in this run{}", glob, blank ? " or not shown" : "", what_brings(row.step)));
    }
    known.emplace_back(row.name);
  }
  return UsageError(option, fmt::format("no step '{}'{} (this run has {})", glob, did_you_mean(glob, known), fmt::join(here, ", ")));
}

// --cell shows one number instead of the steps; options about something else that is shown contradict it.
void refuse_contradictions(const OutputOptions& o) {
  const char* const other = o.show_recipe ? "--show-recipe" : o.list_steps ? "--list-steps" : !o.steps.empty() ? "--steps" : nullptr;
  if (!o.cell.empty() && other) throw UsageError("--cell", fmt::format("shows one number instead of the run, and cannot be combined with {}", other));
  if (o.show_recipe && o.list_steps) throw UsageError("--show-recipe", "cannot be combined with --list-steps; choose one of the two");
}

}  // namespace

bool matches_step(const std::string& glob, const std::string& name) { return fnmatch(glob.c_str(), name.c_str(), 0) == 0; }

std::string what_brings(Step step) {
  const auto needs = lessons::lesson(lessons::Language::en).note("needs", name_of(step));
  return needs ? "; it needs " + *needs : "";
}

void add_report_options(CLI::App& app, OutputOptions& o, const char* output) {
  add_destination(app, o, table_format_help(o), output);
  add_notes(app, o, "Explain the tables (default)");
  add_colour(app, o);
}

void add_step_options(CLI::App& app, OutputOptions& o) {
  add_destination(app, o, format_help());
  add_text(app, "--steps", "NAME,…", "Show these steps only; names or globs such as 'scores_*'",
           [&o](const std::string& text) { o.steps = parse_list("--steps", text); });
  app.add_flag("--list-steps", o.list_steps, "List the steps, their formulas, axes and other systems' names for them")->group(group);
  add_precision(app, o);
  app.add_flag("--detail", o.detail, "Also the inside of softmax: row_max, exp, row_sum")->group(group);
  add_notes(app, o, "Explain every step (default)");
  add_colour(app, o);
  app.add_flag("--matrix", o.matrix, "CSV: the bare matrix of one step, leading axes stacked")->group(group);
  app.add_flag("--labels", o.labels, "LaTeX: row and column labels")->group(group);
  add_full(app, o);
}

void add_output_options(CLI::App& app, OutputOptions& o) {
  add_step_options(app, o);
  add_text(app, "--blank", "NAME,…", "A worksheet: leave the cells of these steps empty, for others to fill in",
           [&o](const std::string& text) { o.blank = parse_list("--blank", text); });
  add_text(app, "--cell", "CELL", "Take one number apart, e.g. 'weights[0,1,2,3]'", [&o](const std::string& text) {
    if (text.empty()) throw UsageError("--cell", "expected STEP[INDEX,…] such as weights[0,1,2,3], found nothing");
    o.cell = text;
  });
  app.add_flag("--show-recipe", o.show_recipe, "Print the PyTorch lines that reproduce this run, and stop")->group(group);
  app.parse_complete_callback([&o]() { refuse_contradictions(o); });
}

void add_table_options(CLI::App& app, OutputOptions& o, Numbers numbers) {
  add_destination(app, o, table_format_help(o));
  if (numbers == Numbers::fractions) add_precision(app, o);
  add_notes(app, o, "Explain the tables (default)");
  if (o.has_drawing) add_colour(app, o);
}

void add_report_or_tensor_options(CLI::App& app, OutputOptions& o) {
  add_destination(app, o, any_format_help(o));
  add_notes(app, o, "Explain the tables (default)");
  add_colour(app, o);
}

void add_array_options(CLI::App& app, OutputOptions& o) {
  add_destination(app, o, any_format_help(o));
  add_precision(app, o);
  add_notes(app, o, "Explain the numbers (default)");
  add_colour(app, o);
  add_full(app, o);
}

Trace select_steps(const Trace& trace, const std::vector<std::string>& asked) {
  Trace selected{trace.sizes, trace.precision, {}};
  std::vector<std::string> globs;
  for (const std::string& glob : asked) {
    const auto found = [&trace](const std::string& wanted) {
      return std::any_of(trace.entries.begin(), trace.entries.end(), [&](const TraceEntry& entry) { return matches_step(wanted, entry.name); });
    };
    // A step's own name stands for that step in every block of a layer.
    const std::string in_a_block = "*." + glob;
    if (!found(glob) && !found(in_a_block)) throw no_such_step("--steps", glob, names_of(trace));
    globs.push_back(found(glob) ? glob : in_a_block);
  }
  for (const TraceEntry& entry : trace.entries) {
    bool wanted = globs.empty() && step_info(entry.step).kind != StepKind::parameter;
    for (const std::string& glob : globs) wanted = wanted || matches_step(glob, entry.name);
    if (wanted) selected.entries.push_back(entry);
  }
  return selected;
}

std::vector<std::string> names_of(const Trace& trace) {
  std::vector<std::string> names;
  for (const TraceEntry& entry : trace.entries) names.push_back(entry.name);
  return names;
}

bool is_blank(const OutputOptions& options, const std::string& step) {
  return std::any_of(options.blank.begin(), options.blank.end(),
                     [&](const std::string& glob) { return matches_step(glob, step) || matches_step("*." + glob, step); });
}

void check_blank(const OutputOptions& options, const std::vector<std::string>& steps) {
  for (const std::string& glob : options.blank) {
    const bool found = std::any_of(steps.begin(), steps.end(), [&](const std::string& step) {
      return matches_step(glob, step) || matches_step("*." + glob, step);
    });
    if (!found) throw no_such_step("--blank", glob, steps);
  }
}

bool wants_colour(const OutputOptions& options) {
  if (options.colour != Colour::automatic) return options.colour == Colour::always;
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  const bool refused = (no_color && *no_color) || (terminal && std::strcmp(terminal, "dumb") == 0);
  return options.path == "-" && !refused && isatty(STDOUT_FILENO) != 0;
}

}  // namespace attn::tools
