// The table P of the document, piece by piece or whole; X + P; the formula of one number.
#include "../common/array_report.hpp"
#include "../common/choices.hpp"
#include "../common/formats.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/run_options.hpp"
#include "../common/size_options.hpp"
#include "../common/tensor_arguments.hpp"
#include "../common/picture.hpp"
#include "encoding_runs.hpp"
#include "encoding_verify.hpp"
#include "sinusoidal_options.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/steps.hpp>
#include <attn/verify/posenc_mistakes.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

namespace attn::tools {
namespace {

constexpr std::size_t default_len = 60, default_width = 32;  // the document's figures

struct SinusoidalCommand {
  explicit SinusoidalCommand(CLI::App& app) : tensors(app) {}
  TableOptions shape;
  RunOptions run;
  OutputOptions output;
  PictureOptions picture;
  TensorArguments tensors;
  VerifyCommandOptions verify;
  std::string columns, cell;
};

std::size_t width_of(const SinusoidalOptions& options) { return sinusoidal_columns(options).size(); }

// "6:10" counts as Python does, up to but not including 10; "1,5" lists.
std::vector<std::size_t> chosen_columns(const SinusoidalCommand& c, std::size_t width) {
  std::vector<std::size_t> chosen;
  const std::size_t colon = c.columns.find(':');
  if (c.columns.empty() || colon != std::string::npos) {
    const std::string first = c.columns.substr(0, std::min(colon, c.columns.size()));
    const std::string last = colon == std::string::npos ? "" : c.columns.substr(colon + 1);
    const std::size_t begin = first.empty() ? 0 : parse_whole("--columns", first, 0, width - 1);
    const std::size_t end = last.empty() ? width : parse_whole("--columns", last, begin + 1, width);
    chosen.resize(end - begin);
    std::iota(chosen.begin(), chosen.end(), begin);
    return chosen;
  }
  for (const std::string& part : parse_list("--columns", c.columns)) chosen.push_back(parse_whole("--columns", part, 0, width - 1));
  return chosen;
}

struct Extent {
  std::size_t len;
  SinusoidalOptions options;
  std::vector<std::size_t> columns;
};

// The whole table, with the mistakes of --mistake in it.
template <class T>
Tensor<T> table_of(const SinusoidalCommand& c, const Extent& extent) {
  if (c.verify.mistakes.empty()) {
    Tensor<T> table = empty<T>({extent.len, extent.columns.size()});
    SinusoidalRows<T>(extent.options, extent.columns).fill(0, extent.len, table.data());
    return table;
  }
  const Tensor<double> wrong = posenc::mistaken_sinusoidal(c.verify.mistakes, extent.options, extent.len);
  Tensor<T> table = empty<T>({extent.len, extent.columns.size()});
  for (std::size_t i = 0; i < extent.len; ++i) {
    for (std::size_t k = 0; k < extent.columns.size(); ++k) table(i, k) = static_cast<T>(wrong(i, extent.columns[k]));
  }
  return table;
}

// "p[2,3] = cos(2 / 10000^(2/32)) = cos(1.1246827) = 0.431463": the formula with this cell's numbers.
std::string substituted(const std::string& cell, const SinusoidalOptions& options, std::size_t len) {
  std::string text = cell;
  const std::size_t open = text.find('[');
  const std::string name = text.substr(0, std::min(open, text.size()));
  const bool is_named = open != std::string::npos && text.back() == ']' && (name == "p" || name == "P" || name == name_of(Step::pos_encoding));
  if (is_named) text = text.substr(open + 1, text.size() - open - 2);
  const std::vector<std::string> parts = parse_list("--cell", text);
  if (parts.size() != 2) throw UsageError("--cell", "expected ROW,COLUMN such as 'p[2,3]', found '" + cell + "'");
  const std::vector<SinusoidalColumn> columns = sinusoidal_columns(options);
  const std::size_t row = parse_whole("--cell", parts[0], 0, len - 1), column = parse_whole("--cell", parts[1], 0, columns.size() - 1);
  const SinusoidalColumn half = columns[column];
  const Frequency frequency = sinusoidal_frequencies(options)[half.pair];
  const std::uint64_t position = options.offset + row;
  const SinCos<double> both = frequency.at<double>(static_cast<std::int64_t>(position));
  const char* function = half.is_cosine ? "cos" : "sin";
  return fmt::format("p[{},{}] = {}({} / {}) = {}({:.12g}) = {}", row, column, function, position, divisor_text(half.pair, options), function,
                     static_cast<double>(position) * frequency.radians(), half.is_cosine ? both.cos : both.sin);
}

std::vector<render::Plot> plots_of(const SinusoidalCommand& c, const SinusoidalOptions& options, const TensorView& table,
                                   const std::vector<std::size_t>& columns) {
  render::Plot curves{posenc_word(c.output, "plot_title", {{"E", std::to_string(options.d_model)}}), posenc_word(c.output, "position"), posenc_word(c.output, "value")};
  for (std::size_t k = 0; k < columns.size(); ++k) {
    render::Curve curve{posenc_word(c.output, "plot_column", {{"count", std::to_string(columns[k])}}), {}, {}};
    for (std::size_t i = 0; i < table.shape().front(); ++i) {
      curve.x.push_back(static_cast<double>(options.offset + i));
      curve.y.push_back(table[i * columns.size() + k]);
    }
    curves.curves.push_back(std::move(curve));
  }
  render::Plot heatmap{curves.title, posenc_word(c.output, "column"), posenc_word(c.output, "row_position"), false, false, {}, {table}};
  const bool wants_file = !c.picture.file.empty() || c.output.as_script;
  if (!wants_file) return {heatmap, curves};
  return c.columns.empty() ? std::vector<render::Plot>{heatmap} : std::vector<render::Plot>{curves};
}

render::JsonObject header_of(const SinusoidalCommand& c, const SinusoidalOptions& options) {
  render::JsonObject header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "sinusoidal"}, {"dtype", to_string(c.run.dtype)},
          {"base", options.base}, {"offset", std::uint64_t{options.offset}},
          {"layout", options.order == PairOrder::interleaved ? "interleaved" : "concatenated"},
          {"denominator", options.denominator == Denominator::width ? "d" : "d-2"}};
  return header;
}

// X [L, d] or [B, L, d], with the same row of P added in every sample.
template <class T>
Tensor<T> with_positions(Tensor<T> x, const Tensor<T>& table) {
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] += table.data()[i % table.size()];
  return x;
}

Extent extent_of(SinusoidalCommand& c, MemoryBudget& budget) {
  c.tensors.read(budget);
  std::size_t len = default_len, width = default_width;
  if (const TensorArgument* input = c.tensors.find("--input")) {
    const Shape& shape = input->shape();
    if (shape.size() != 2 && shape.size() != 3) throw ShapeError("--input", "expected (L, d) or (B, L, d), found shape " + to_string(shape));
    if (!c.columns.empty()) throw UsageError("--columns", "X + P needs every column; leave out --columns or --input");
    len = shape[shape.size() - 2];
    width = shape.back();
    require_agreement("--len", c.shape.len, len, "--input");
    require_agreement("--d-model", c.shape.d_model, width, "--input");
  }
  Extent extent{c.shape.len.value_or(len), options_of(c.shape, width, budget), {}};
  const std::size_t columns = width_of(extent.options);
  if (c.tensors.has("--input") && columns != width) {
    throw ShapeError("--input", fmt::format("has {} columns, and the encoding with --odd drop has {}", width, columns));
  }
  if (columns == 0) throw UsageError("--odd drop", "leaves no column of d = 1");
  extent.columns = chosen_columns(c, columns);
  return extent;
}

// Rows are computed where they are turned into text, in memory that does not grow with their number.
template <class T>
int stream_csv(const SinusoidalCommand& c, const Extent& extent) {
  const auto sink = open_result(c.output);
  SinkOutput output(*sink);
  std::vector<std::string> titles;
  for (const std::size_t column : extent.columns) titles.push_back(std::to_string(column));
  const SinusoidalRows<T> table(extent.options, extent.columns);
  NumberedRows<T> rows{extent.len, table.width(), {}, {}};
  rows.place = [&](std::size_t row) { return std::vector<std::size_t>{static_cast<std::size_t>(extent.options.offset) + row}; };
  rows.values = [&](std::size_t first, std::size_t count, std::vector<T>& room) {
    room.resize(count * table.width());
    table.fill(first, count, room.data());
    return room.data();
  };
  write_numbered_csv(output, {"position"}, titles, rows, {c.output.precision});
  sink->finish();
  return exit_done;
}

render::Section section_of(const std::string& name, const std::string& formula, const std::string& latex, const TensorView& tensor,
                           const std::vector<std::string>& axes, std::vector<std::string> labels = {}) {
  render::Section section;
  section.name = name;
  section.symbol = name;
  section.formula = formula;
  section.latex = latex;
  section.panel = render::Panel{tensor, axes, {}, std::move(labels), render::Shading::diverging, false};
  return section;
}

template <class T>
ArrayReport report_of(const SinusoidalCommand& c, const Extent& extent, const Tensor<T>& table) {
  const SinusoidalOptions& options = extent.options;
  const std::size_t width = width_of(options);
  ArrayReport report;
  report.document.title = posenc_word(c.output, "sinusoidal_title");
  report.document.introduction = posenc_notes(c.output, "sinusoidal", {{"E", std::to_string(options.d_model)}});
  const std::string exponent = fmt::format("{}^(2j/{})", options.base, sinusoidal_exponent(0, options).denominator);
  const std::string formula = posenc_word(c.output, "table_formula", {{"found", exponent}});
  std::vector<std::string> labels;
  if (extent.columns.size() < width) {
    for (const std::size_t column : extent.columns) labels.push_back(std::to_string(column));
  }
  render::Section section = section_of("P", formula, "p_{i,2j} = \\sin(i / b^{2j/d}),\\quad p_{i,2j+1} = \\cos(i / b^{2j/d})",
                                       table, shown_axes(c.output, {"position", "column"}), labels);
  section.panel->row_labels = position_labels(options.offset, extent.len);
  if (options.offset > 0) section.notes.push_back(posenc_word(c.output, "offset", {{"offset", std::to_string(options.offset)}}));
  if (options.order == PairOrder::concatenated) section.notes.push_back(posenc_word(c.output, "concatenated"));
  if (options.denominator == Denominator::width_minus_2) section.notes.push_back(posenc_word(c.output, "width_minus_two"));
  if (options.d_model % 2 == 1) section.notes.push_back(posenc_word(c.output, "odd"));
  const std::string cell = c.cell.empty() ? fmt::format("{},{}", std::min<std::size_t>(2, extent.len - 1), std::min<std::size_t>(3, width - 1)) : c.cell;
  if (c.verify.mistakes.empty()) section.instance = substituted(cell, options, extent.len);
  report.document.sections.push_back(std::move(section));
  report.header = header_of(c, options);
  report.arrays.push_back({std::string(name_of(Step::pos_encoding)), formula, {"position", "column"}, table});
  report.row_name = "position";
  report.columns = labels;
  report.first_row = options.offset;
  add_mistakes(report, c.verify, c.output);
  return report;
}

template <class T>
int run_with_input(SinusoidalCommand& c, const Extent& extent, MemoryBudget& budget) {
  const TensorArgument& input = *c.tensors.find("--input");
  budget.charge(input.shape(), 2 * sizeof(T), "X and X + P");
  TorchGenerator random(c.run.seed);
  c.tensors.draw(random);
  const Tensor<T> x = c.tensors.take<T>("--input");
  const Tensor<T> table = table_of<T>(c, extent);
  const Tensor<T> sum = with_positions(x, table);
  const auto make = [&]() {
    ArrayReport report = report_of(c, extent, table);
    const std::vector<std::string> axes = x.dimension() == 3 ? std::vector<std::string>{"B", "position", "column"} : std::vector<std::string>{"position", "column"};
    report.document.sections.insert(report.document.sections.begin(), section_of("X", posenc_word(c.output, "given"), "", x, shown_axes(c.output, axes)));
    report.document.sections.push_back(section_of("X + P", posenc_word(c.output, "sum"), "X + P", sum, shown_axes(c.output, axes)));
    report.arrays = {{std::string(name_of(Step::x_plus_p)), "X + P", axes, sum}, {std::string(name_of(Step::x)), "", axes, x}, report.arrays.front()};
    return report;
  };
  write_array_report(make, c.output);
  return exit_done;
}

int verify_sinusoidal(SinusoidalCommand& c) {
  MemoryBudget budget(c.run.max_memory);
  const Extent extent = extent_of(c, budget);
  if (!c.columns.empty()) throw UsageError("--verify", "holds the whole table against theirs; leave out --columns");
  budget.charge({extent.len, extent.columns.size()}, 4 * sizeof(double), "the table and theirs");
  TorchGenerator random(c.run.seed);
  c.tensors.draw(random);
  const posenc::EncodingRun run = sinusoidal_run(extent.options, extent.len, c.tensors.take_optional<double>("--input"));
  EncodingReport report{c.output, {extent.columns.size()}};
  report.unnamed = c.tensors.has("--input") ? Step::x_plus_p : Step::pos_encoding;
  report.max_memory = budget.left();
  report.has_cells = !c.tensors.has("--input");
  return verify_encoding_files(c.verify, run, report);
}

template <class T>
int run_sinusoidal(SinusoidalCommand& c) {
  MemoryBudget budget(c.run.max_memory);
  const Extent extent = extent_of(c, budget);
  if (!c.cell.empty()) substituted(c.cell, extent.options, extent.len);  // refused before anything is computed
  const bool wants_numbers = c.picture.file.empty() && !c.output.as_script && !c.picture.heatmap && !c.picture.curves;
  if (!wants_numbers && c.tensors.has("--input")) throw UsageError("--input", "shows X + P in numbers, and pictures show P alone; choose one of the two");
  if (wants_numbers && !c.tensors.has("--input") && c.verify.mistakes.empty() && chosen_format(c.output).name == "csv") return stream_csv<T>(c, extent);
  const std::size_t width = extent.columns.size();
  budget.charge({extent.len, width}, sizeof(T), fmt::format("the table of {} × {} numbers", extent.len, width));
  if (c.tensors.has("--input")) return run_with_input<T>(c, extent, budget);
  const Tensor<T> table = table_of<T>(c, extent);
  if (!wants_numbers) budget.charge({extent.len, width}, 3 * sizeof(double), "the picture");
  const std::vector<render::Plot> plots = wants_numbers ? std::vector<render::Plot>{} : plots_of(c, extent.options, table, extent.columns);
  if (write_picture(plots, c.picture, c.output)) return exit_done;
  const auto make = [&]() {
    ArrayReport report = report_of(c, extent, table);
    report.drawing = drawings_of(plots, c.picture, c.output);
    return report;
  };
  write_array_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_sinusoidal(CLI::App& app) {
  auto command = std::make_shared<SinusoidalCommand>(app);
  command->tensors.add("--input", "X (L, d) or (B, L, d): show X + P");
  add_table_shape(app, command->shape, "60", "32");
  app.add_option("--columns", command->columns, "Only these columns: 6:10 (6 to 9) or 1,5")->type_name("COLUMNS")->group("Encoding");
  app.add_option("--cell", command->cell, "The formula with the numbers of one cell, e.g. 'p[2,3]'")->type_name("CELL")->group("Output");
  add_seed_option(app, command->run);
  add_number_options(app, command->run);
  add_picture_options(app, command->picture, command->output, Drawings::heatmap_and_curves);
  add_verify_options(app, command->verify);
  add_worksheet_checks(app, command->verify);
  add_mistake_option(app, command->verify);
  add_array_options(app, command->output);
  return [command]() {
    check_encoding_verify(command->verify, command->run.dtype, command->picture, posenc::sinusoidal_mistakes());
    if (!command->verify.files.empty()) return verify_sinusoidal(*command);
    return with_precision(command->run.dtype, [&](auto t) { return run_sinusoidal<decltype(t)>(*command); });
  };
}

}  // namespace attn::tools
