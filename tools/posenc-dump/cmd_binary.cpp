// Binary numbers change their digits at different speeds; so do the columns of the encoding.
#include "../common/memory_budget.hpp"
#include "../common/run_tool.hpp"
#include "../common/table_report.hpp"
#include "sinusoidal_options.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace attn::tools {
namespace {

struct BinaryCommand {
  TableOptions shape;
  OutputOptions output;
};

std::size_t bits_of(std::size_t count) {
  std::size_t bits = 1;
  while ((count - 1) >> bits != 0) ++bits;
  return bits;
}

std::string binary_text(std::size_t number, std::size_t bits) {
  std::string text;
  for (std::size_t b = bits; b-- > 0;) text += (number >> b & 1) != 0 ? '1' : '0';
  return text;
}

std::string sign_text(const double* row, std::size_t width) {
  std::string text;
  for (std::size_t c = 0; c < width; ++c) text += row[c] > 0 ? '+' : row[c] < 0 ? '-' : '0';
  return text;
}

render::Table numbers_table(const BinaryCommand& c, std::size_t len, const SinusoidalOptions& options) {
  const Tensor<double> table = sinusoidal<double>(len, options);
  render::Table rows;
  rows.columns = {{posenc_word(c.output, "number"), render::Alignment::right, "position"}, {posenc_word(c.output, "binary_form"), render::Alignment::right, "binary"}, {posenc_word(c.output, "signs"), render::Alignment::left, "signs"}};
  for (std::size_t i = 0; i < len; ++i) {
    rows.rows.push_back({static_cast<std::int64_t>(i), binary_text(i, bits_of(len)), sign_text(table.data() + i * table.shape(1), table.shape(1))});
  }
  return rows;
}

render::Table bits_table(const BinaryCommand& c, std::size_t bits) {
  render::Table table;
  table.columns = {{posenc_word(c.output, "bit"), render::Alignment::right}, {posenc_word(c.output, "changes_every"), render::Alignment::right}, {posenc_word(c.output, "repeats_every"), render::Alignment::right}};
  for (std::size_t b = 0; b < bits; ++b) {
    table.rows.push_back({static_cast<std::int64_t>(b), std::int64_t{1} << b, std::int64_t{2} << b});
  }
  return table;
}

render::Table columns_table(const BinaryCommand& c, const SinusoidalOptions& options) {
  render::Table table;
  table.columns = {{posenc_word(c.output, "column"), render::Alignment::right}, {posenc_word(c.output, "function")}, {posenc_word(c.output, "wavelength"), render::Alignment::right}};
  const std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
  std::int64_t number = 0;
  for (const SinusoidalColumn& column : sinusoidal_columns(options)) {
    table.rows.push_back({number++, fmt::format("{}(i / {})", column.is_cosine ? "cos" : "sin", divisor_text(column.pair, options)), frequencies[column.pair].wavelength()});
  }
  return table;
}

int run_binary(const BinaryCommand& c) {
  const std::size_t len = c.shape.len.value_or(8);
  MemoryBudget budget(0);
  const SinusoidalOptions options = options_of(c.shape, 6, budget);
  budget.charge({len, options.d_model}, 16, "the table");
  budget.charge({len + options.d_model}, bytes_per_line, "the lines that are printed");
  const auto make = [&]() {
    TableReport report;
    report.title = posenc_word(c.output, "binary_title");
    report.introduction = posenc_notes(c.output, "binary");
    report.rows = numbers_table(c, len, options);
    report.tables = {{posenc_word(c.output, "binary_table"), report.rows},
                     {posenc_word(c.output, "bits_table"), bits_table(c, bits_of(len))},
                     {posenc_word(c.output, "columns_table"), shown_table(c.output, columns_table(c, options))}};
    report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "binary"}};
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_binary(CLI::App& app) {
  auto command = std::make_shared<BinaryCommand>();
  add_table_shape(app, command->shape, "8", "6", Without::offset);
  add_table_options(app, command->output);
  return [command]() { return run_binary(*command); };
}

}  // namespace attn::tools
