// Options about what is shown, in which format, and where it goes.
#pragma once

#include "cli11_forward.hpp"

#include <attn/lessons/lesson.hpp>
#include <attn/trace.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

struct Format;

enum class Colour { automatic, always, never };

struct OutputOptions {
  const Format* format = nullptr;     ///< empty: from the extension of `path`, else text
  std::string path = "-";             ///< "-": standard output
  bool path_given = false;            ///< --output was given, if only as "-"
  bool force = false;                 ///< replace an existing file
  std::vector<std::string> steps;     ///< names or globs; empty: everything but parameters
  std::vector<std::string> blank;     ///< names or globs of steps whose cells are left empty, or must be there to verify
  bool list_steps = false;
  std::optional<int> precision;       ///< digits after the decimal point
  std::optional<std::size_t> width;   ///< columns of the page; empty: as page_width.hpp says
  bool detail = false;                ///< also row_max, exp, row_sum
  std::string cell;                   ///< one number to take apart: "weights[0,1,2,3]"
  bool notes = true;
  mutable lessons::Language language = lessons::Language::en;  ///< a page asks for its words in each (page_report.hpp)
  Colour colour = Colour::automatic;
  bool matrix = false;                ///< CSV: the bare matrix of one step
  bool labels = false;                ///< LaTeX: row and column labels
  bool full = false;                  ///< text, Markdown, LaTeX: leave nothing out
  bool show_recipe = false;
  std::string recipe_saving;  ///< lines of the recipe between its steps and their comparison; no option sets them
  bool has_picture = false;           ///< the subcommand can draw: --format also knows gnuplot
  bool has_drawing = false;           ///< its text can hold a drawing, which may be coloured
  bool as_script = false;             ///< --format gnuplot
};

void add_output_options(CLI::App& app, OutputOptions& options);

/// The same without --blank, --cell and --show-recipe: for runs of many layers, and for gradients.
void add_step_options(CLI::App& app, OutputOptions& options);

/// The options of a subcommand whose result is an answer in words: --format (those that have tables), the
/// file, --force, --width, --notes, --lang, --color. `output` names the option of the file, for a subcommand to which
/// --output means something else.
void add_report_options(CLI::App& app, OutputOptions& options, const char* output = "-o,--output");

/// The same for a subcommand whose result is an answer in words or a tensor: --format knows all formats.
void add_report_or_tensor_options(CLI::App& app, OutputOptions& options);

/// Whether a name of --steps, which may be a glob, selects the step of that name.
bool matches_step(const std::string& glob, const std::string& name);

/// "; it needs --detail" for a step that only certain options bring about; else "".
std::string what_brings(Step step);

/// The entries whose names match the options' globs; without globs every entry that is not a
/// parameter. Throws UsageError for a glob that matches nothing, telling a mistyped name from a step
/// that this run does not compute.
Trace select_steps(const Trace& trace, const std::vector<std::string>& globs);

/// Whether the cells of this step are left empty.
bool is_blank(const OutputOptions& options, const std::string& step);

/// The names of its steps, in order.
std::vector<std::string> names_of(const Trace& trace);

/// Throws UsageError for a glob of --blank that matches none of these steps.
void check_blank(const OutputOptions& options, const std::vector<std::string>& steps);

/// Whether text goes out in colour: --color, NO_COLOR, TERM=dumb, and whether standard output is a terminal.
bool wants_colour(const OutputOptions& options);

}  // namespace attn::tools
