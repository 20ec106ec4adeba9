// A table of free parameters, as nn.Embedding, and one trained on a task in which position matters.
#include "../common/array_report.hpp"
#include "../common/choices.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/run_options.hpp"
#include "../common/size_options.hpp"
#include "../common/tensor_arguments.hpp"
#include "../common/picture.hpp"
#include "../common/progress.hpp"
#include "encoding_runs.hpp"
#include "encoding_verify.hpp"
#include "similarity_report.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/ops/position_learned.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace attn::tools {
namespace {

struct LearnedCommand {
  explicit LearnedCommand(CLI::App& app) : tensors(app) {}
  SizeOptions sizes;
  RunOptions run;
  OutputOptions output;
  PictureOptions picture;
  VerifyCommandOptions verify;
  TensorArguments tensors;
  bool fit = false;
  std::size_t steps = 400;
  double rate = 1;
};

template <class T>
Tensor<T> widened(const Tensor<float>& table) {
  Tensor<T> result = empty<T>(shape_of(table));
  std::copy(table.data(), table.data() + table.size(), result.data());
  return result;
}

template <class T>
Tensor<T> table_of(LearnedCommand& c, TorchGenerator& random) {
  MemoryBudget budget(c.run.max_memory);
  c.tensors.read(budget);
  if (const TensorArgument* weights = c.tensors.find("--weights")) {
    const Shape shape = weights->shape();
    if (shape.size() != 2) throw ShapeError("--weights", "expected (L, d), found shape " + to_string(shape));
    require_agreement("--len", c.sizes.len, shape[0], "--weights");
    require_agreement("--d-model", c.sizes.d_model, shape[1], "--weights");
    c.tensors.draw(random);
    return c.tensors.take<T>("--weights");
  }
  const std::size_t len = c.sizes.len.value_or(12), width = c.sizes.d_model.value_or(16);
  budget.charge({len, width}, 16, "the table");
  budget.charge({len, len}, 16, "its products");
  return widened<T>(learned_table(random, len, width));
}

template <class T>
ArrayReport finished(const LearnedCommand& c, ArrayReport report, const Tensor<T>& table, const std::vector<render::Plot>& plots) {
  report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "learned"}, {"dtype", to_string(c.run.dtype)}, {"seed", c.run.seed}};
  report.arrays.insert(report.arrays.begin(), {std::string(name_of(Step::pos_encoding)), "nn.Embedding(L, d).weight", {"position", "column"}, table});
  report.row_name = "position";
  report.drawing = drawings_of(plots, c.picture, c.output);
  return report;
}

int verify_table(LearnedCommand& c) {
  TorchGenerator random(c.run.seed);
  const Tensor<double> table = table_of<double>(c, random);
  EncodingReport words{c.output, {table.shape(1)}};
  words.max_memory = c.run.max_memory;
  return verify_encoding_files(c.verify, similarity_run(table, nullptr), words);
}

template <class T>
int run_table(LearnedCommand& c) {
  TorchGenerator random(c.run.seed);
  const Tensor<T> table = table_of<T>(c, random);
  const Similarity<T> similar = similarity(table);
  std::vector<render::Plot> plots = similarity_plots(posenc_word(c.output, "similarity_title"), c.output, similar);
  plots.insert(plots.begin(), {posenc_word(c.output, "learned_title"), posenc_word(c.output, "column"), posenc_word(c.output, "row_position"), false, false, {}, {TensorView(table)}});
  if (write_picture(plots, c.picture, c.output)) return exit_done;
  const auto make = [&]() {
    ArrayReport report;
    report.document.title = posenc_word(c.output, "learned_title");
    report.document.introduction = posenc_notes(c.output, "learned");
    render::Section section{0, "P", "P", c.tensors.has("--weights") ? "" : "nn.Embedding(L, d).weight"};
    section.panel = render::Panel{table, shown_axes(c.output, {"position", "column"}), {}, {}, render::Shading::diverging, false};
    report.document.sections = {section, similarity_section(c.output, similar)};
    report.arrays = {{std::string(name_of(Step::position_dots)), "P·Pᵀ", {"position", "position"}, similar.dots}};
    return finished(c, std::move(report), table, plots);
  };
  write_array_report(make, c.output);
  return exit_done;
}

render::Curve losses_of(const std::string& name, const Fit& fit) {
  render::Curve curve{name, {}, fit.losses};
  for (std::size_t step = 0; step < fit.losses.size(); ++step) curve.x.push_back(static_cast<double>(step));
  return curve;
}

// The loss every so many steps, the learned table's next to the sinusoidal one's.
Tensor<double> loss_table(const Fit& learned, const Fit& fixed) {
  Tensor<double> losses = empty<double>({learned.losses.size(), 2});
  for (std::size_t step = 0; step < learned.losses.size(); ++step) {
    losses(step, 0) = learned.losses[step];
    losses(step, 1) = fixed.losses[step];
  }
  return losses;
}

struct Fits {
  Fit learned, fixed;
};

// A table that is trained with the map, and one beside it that stays as it is.
Fits fit_both(Tensor<double> table, const Tensor<double>& fixed, const Tensor<double>& map, const LearnedCommand& c) {
  Progress progress(2 * c.steps);
  const auto show_step = [&progress](std::size_t) { progress.step(); };
  return {fit_previous_token(std::move(table), map, TrainTable::yes, c.steps, c.rate, show_step),
          fit_previous_token(fixed, map, TrainTable::no, c.steps, c.rate, show_step)};
}

int run_fit(LearnedCommand& c) {
  check_destination(c.picture, c.output);
  TorchGenerator random(c.run.seed);
  Tensor<double> start = table_of<double>(c, random);
  const std::size_t len = start.shape(0), width = start.shape(1);
  if (len < 2) throw UsageError("--len", "attending to the previous token needs at least 2 positions, found 1");
  if (width % 2 == 1) throw UsageError("--d-model", fmt::format("the sinusoidal table beside it needs an even width, found {}", width));
  Tensor<double> map = widened<double>(randn(random, {width, width}));
  for (double& value : map.storage()) value /= std::sqrt(static_cast<double>(width));
  SinusoidalOptions options;
  options.d_model = width;
  const Fits fits = fit_both(std::move(start), sinusoidal<double>(len, options), map, c);
  const Fit &learned = fits.learned, &fixed = fits.fixed;
  const Similarity<double> ours = similarity(learned.table), theirs = similarity(fixed.table);
  const std::string ours_name = posenc_word(c.output, "learned_table"), theirs_name = posenc_word(c.output, "sinusoidal_table");
  const std::string position = posenc_word(c.output, "position");
  render::Plot losses{posenc_word(c.output, "fit_title"), posenc_word(c.output, "step"), posenc_word(c.output, "loss"), false, true};
  losses.curves = {losses_of(ours_name, learned), losses_of(theirs_name, fixed)};
  const std::vector<render::Plot> plots = {losses, {ours_name + ": P·Pᵀ", position, position, false, false, {}, {TensorView(ours.dots)}},
                                           {theirs_name + ": P·Pᵀ", position, position, false, false, {}, {TensorView(theirs.dots)}}};
  if (write_picture(plots, c.picture, c.output)) return exit_done;
  const Tensor<double> loss = loss_table(learned, fixed);
  const auto make = [&]() {
    ArrayReport report;
    report.document.title = posenc_word(c.output, "fit_title");
    report.document.introduction = posenc_notes(c.output, "fit");
    render::Section section{1, "loss", "", "-mean log A[i, i - 1]"};
    section.panel = render::Panel{loss, shown_axes(c.output, {"step", "table"}), {}, {ours_name, theirs_name}, render::Shading::none, false};
    section.notes.push_back(posenc_word(c.output, "fit_result", {{"found", fmt::format("{:.0f} %", 100 * learned.accuracy)}, {"expected", fmt::format("{:.0f} %", 100 * fixed.accuracy)}}));
    render::Section first = similarity_section(c.output, ours), second = similarity_section(c.output, theirs);
    first.name = ours_name;
    second.name = theirs_name;
    report.document.sections = {section, first, second};
    report.arrays = {{"loss", section.formula, {"step", "table"}, loss}, {"map", "M", {"column", "column"}, learned.map},
                     {"similarity_learned", "P·Pᵀ", {"position", "position"}, ours.dots}, {"similarity_sinusoidal", "P·Pᵀ", {"position", "position"}, theirs.dots}};
    return finished(c, std::move(report), learned.table, plots);
  };
  write_array_report(make, c.output);
  return exit_done;
}

void add_fit_options(CLI::App& app, LearnedCommand& c) {
  static const std::string group = "Training";
  app.add_flag("--fit", c.fit, "Train the table so that each position attends to the one before it")->group(group);
  add_word(app, "--fit-steps", "N", "Steps of gradient descent (default 400)", [&c](const std::string& text) {
    c.steps = parse_whole("--fit-steps", text, 1, 1000000);
  })->group(group);
  add_word(app, "--rate", "NUMBER", "Size of a step (default 1)", [&c](const std::string& text) {
    c.rate = parse_number("--rate", text);
    if (c.rate <= 0) throw UsageError("--rate", "expected a number above 0, found '" + text + "'");
  })->group(group);
}

}  // namespace

Run setup_learned(CLI::App& app) {
  auto command = std::make_shared<LearnedCommand>(app);
  command->tensors.add("--weights", "A learned table (L, d), e.g. model.safetensors:wpe.weight (default: a fresh nn.Embedding)", "Weights");
  add_size_options(app, command->sizes, {"--len", "--d-model"});
  add_fit_options(app, *command);
  add_seed_option(app, command->run);
  add_number_options(app, command->run);
  add_picture_options(app, command->picture, command->output, Drawings::heatmap_and_curves);
  add_verify_options(app, command->verify);
  add_worksheet_checks(app, command->verify);
  add_array_options(app, command->output);
  return [command]() {
    check_encoding_verify(command->verify, command->run.dtype, command->picture);
    if (command->fit && !command->verify.files.empty()) throw UsageError("--verify", "judges a table, and --fit trains one; choose one of the two");
    if (!command->verify.files.empty()) return verify_table(*command);
    if (command->fit) return run_fit(*command);
    return with_precision(command->run.dtype, [&](auto t) { return run_table<decltype(t)>(*command); });
  };
}

}  // namespace attn::tools
