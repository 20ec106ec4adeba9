// ω_j, the wavelength 2π/ω_j, and the first position at which a pair nearly repeats its beginning.
#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "../common/table_report.hpp"
#include "../common/picture.hpp"
#include "encoding_runs.hpp"
#include "encoding_verify.hpp"
#include "sinusoidal_options.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <CLI/CLI.hpp>

#include <cmath>
#include <memory>

namespace attn::tools {
namespace {

struct FrequenciesCommand {
  TableOptions shape;
  OutputOptions output;
  PictureOptions picture;
  VerifyCommandOptions verify;
};

// Whole positions never repeat exactly; after one wavelength, rounded, the angle is off by at most ω/2.
std::int64_t first_repeat(double wavelength) { return wavelength < 9e18 ? std::llround(wavelength) : INT64_MAX; }

render::Table table_of(const FrequenciesCommand& c, const std::vector<Frequency>& frequencies, const SinusoidalOptions& options) {
  const auto right = render::Alignment::right;
  render::Table table;
  table.columns = {{posenc_word(c.output, "pair"), right, "pair"}, {posenc_word(c.output, "divisor"), right, "divisor"}, {"ω", right, "omega"},
                   {posenc_word(c.output, "wavelength"), right, "wavelength"}, {posenc_word(c.output, "first_repeat"), right, "first_repeat"},
                   {posenc_word(c.output, "repeat_error"), right, "repeat_error"}};
  for (std::size_t j = 0; j < frequencies.size(); ++j) {
    const std::int64_t repeat = first_repeat(frequencies[j].wavelength());
    const SinCos<double> there = frequencies[j].at<double>(repeat);
    table.rows.push_back({static_cast<std::int64_t>(j), divisor_text(j, options), frequencies[j].radians(), frequencies[j].wavelength(), repeat,
                          std::hypot(there.sin, there.cos - 1)});
  }
  return table;
}

render::Plot plot_of(const FrequenciesCommand& c, const std::vector<Frequency>& frequencies) {
  render::Plot plot{posenc_word(c.output, "frequencies_title"), posenc_word(c.output, "pair"), posenc_word(c.output, "wavelength"), false, true};
  render::Curve curve{posenc_word(c.output, "wavelength"), {}, {}};
  for (std::size_t j = 0; j < frequencies.size(); ++j) {
    curve.x.push_back(static_cast<double>(j));
    curve.y.push_back(frequencies[j].wavelength());
  }
  plot.curves.push_back(std::move(curve));
  return plot;
}

int run_frequencies(const FrequenciesCommand& c) {
  MemoryBudget budget(0);
  const SinusoidalOptions options = options_of(c.shape, 32, budget);
  budget.charge({options.d_model}, bytes_per_line, "the lines that are printed");
  if (!c.verify.files.empty()) {
    EncodingReport words{c.output, {options.d_model}};
    words.unnamed = Step::pair_omega;
    return verify_encoding_files(c.verify, frequencies_run(options), words);
  }
  const std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
  const std::vector<render::Plot> plots = {plot_of(c, frequencies)};
  if (write_picture(plots, c.picture, c.output)) return exit_done;
  const auto make = [&]() {
    TableReport report;
    report.title = posenc_word(c.output, "frequencies_title");
    report.introduction = posenc_notes(c.output, "frequencies");
    report.rows = table_of(c, frequencies, options);
    report.tables = {{posenc_word(c.output, "one_row_a_pair"), shown_table(c.output, report.rows)}};
    report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "frequencies"}, {"base", options.base}};
    report.drawing = drawings_of(plots, c.picture, c.output);
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_frequencies(CLI::App& app) {
  auto command = std::make_shared<FrequenciesCommand>();
  add_table_shape(app, command->shape, "", "32", Without::offset_and_layout);
  add_picture_options(app, command->picture, command->output, Drawings::curves);
  add_verify_options(app, command->verify);
  add_worksheet_checks(app, command->verify);
  add_table_options(app, command->output);
  return [command]() {
    check_encoding_verify(command->verify, Precision::float64, command->picture);
    return run_frequencies(*command);
  };
}

}  // namespace attn::tools
