// The shapes of an attention module, step by step, letters beside numbers.
#include "../common/page_width.hpp"
#include "module_options.hpp"
#include "report.hpp"
#include "subcommands.hpp"

#include <attn/render/display_width.hpp>
#include <attn/shapes/drawing.hpp>
#include <attn/shapes/trace.hpp>

#include <CLI/CLI.hpp>

#include <memory>

namespace attn::tools {
namespace {

using shapes::ShapeRow;
using shapes::ShapeTrace;

struct TraceCommand {
  ModuleOptions module;
  OutputOptions output;
};

std::string why(const TraceCommand& c, const ShapeRow& row, const lessons::Placeholders& values) {
  return say(c.output.language, "trace." + row.reason, values);
}

render::Table table_of(const TraceCommand& c, const ShapeTrace& trace, const lessons::Placeholders& values) {
  const lessons::Language language = c.output.language;
  constexpr auto right = render::Alignment::right;
  render::Table table;
  table.columns = {column(language, "step"),  column(language, "operation"),         column(language, "axes"),
                   column(language, "shape"), column(language, "parameters", right), column(language, "operations", right),
                   column(language, "bytes", right)};
  if (c.output.notes) table.columns.push_back(column(language, "why"));
  for (const ShapeRow& row : trace) {
    table.rows.push_back({row.step, row.operation, symbols(row.axes), to_string(sizes(row.axes)), cell(row.parameters),
                          cell(row.operations), cell(row.bytes)});
    if (c.output.notes) table.rows.back().push_back(why(c, row, values));
  }
  return table;
}

std::vector<std::string> closing_of(const TraceCommand& c, const ModuleRun& run, const ShapeTrace& trace,
                                    lessons::Placeholders values) {
  const lessons::Language language = c.output.language;
  const shapes::ShapeTotals total = totals(trace);
  const Shape output = sizes(trace.back().axes);
  values["found"] = to_string(output);
  std::vector<std::string> closing;
  if (trace.back().step == name_of(Step::logits)) {
    closing.push_back(say(language, "trace.to_logits", values));
  } else if (c.module.impl == shapes::Impl::sdpa) {
    closing.push_back(say(language, "trace.sdpa", values));
  } else {
    closing.push_back(say(language, run.call.key.empty() || output == run.call.key ? "trace.same" : "trace.cross", values));
    closing.push_back(say(language, "trace.buys"));
  }
  closing.push_back(say(language, "trace.total",
                        {{"count", std::to_string(total.parameters)}, {"found", std::to_string(total.operations)},
                         {"expected", std::to_string(total.bytes)}, {"name", std::string(name_of(c.module.dtype))}}));
  return closing;
}

render::Table latex_boxes(std::size_t heads, std::size_t head_dim) {
  render::Table table;
  const std::vector<std::string> ranges = shapes::head_ranges(heads, head_dim);
  std::vector<render::Cell> cells;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::size_t head = i + 1 == ranges.size() ? heads - 1 : i;
    table.columns.push_back({ranges[i].empty() ? "…" : "head " + std::to_string(head), render::Alignment::left, "", {}});
    cells.emplace_back(ranges[i].empty() ? "…" : ranges[i]);
  }
  table.rows.push_back(std::move(cells));
  return table;
}

void draw(Report& report, const TraceCommand& c, const lessons::Placeholders& values, const Sizes& sizes) {
  const lessons::Language language = c.output.language;
  const shapes::DrawingWords words = {say(language, "trace.row"), say(language, "trace.cut", values),
                                      say(language, "trace.turn"), say(language, "trace.merge"),
                                      lessons::lesson(language).note("word.head").value_or("head")};
  report.drawing_title = say(language, "trace.drawing");
  report.drawing = shapes::split_drawing(sizes.heads, sizes.head_dim, sizes.query_len, words);
  report.latex_drawing = latex_boxes(sizes.heads, sizes.head_dim);
}

render::JsonArray axes_json(const shapes::Axes& axes) {
  render::JsonArray array;
  for (const shapes::Axis& axis : axes) array.emplace_back(axis.symbol);
  return array;
}

int run(const TraceCommand& c) {
  const ModuleRun module = module_run(c.module);
  require_consistent(module, c.output.language);
  const ShapeTrace trace = shapes::trace_shapes(module.config, module.call);
  const lessons::Placeholders values = letters_for(module);
  const Sizes sizes = shapes::letters_of(module.config, module.call);
  const auto make = [&]() {
    Report report;
    report.rows_key = "rows";
    report.title = say(c.output.language, "trace.title", {{"name", std::string(shapes::impl_row(c.module.impl).python)}});
    if (c.output.notes) report.introduction = {say(c.output.language, "trace.intro")};
    report.table = table_of(c, trace, values);
    report.text_body = c.output.notes ? lines_with_notes(report.table, report.table.columns.size() - 1, page_width(c.output)) : render::table_text(report.table, 160);
    if (c.output.notes) report.closing = closing_of(c, module, trace, values);
    if (c.output.notes && sizes.heads > 0 && sizes.head_dim > 0) draw(report, c, values, sizes);
    report.facts = {{"tool", "mha-shapes trace"},
                    {"impl", shapes::impl_row(c.module.impl).name},
                    {"sizes", render::json_of(sizes)},
                    {"dtype", name_of(c.module.dtype)},
                    {"output_axes", axes_json(trace.back().axes)},
                    {"output_shape", render::json_of(shapes::sizes(trace.back().axes))}};
    return report;
  };
  write(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_trace(CLI::App& app) {
  auto command = std::make_shared<TraceCommand>();
  add_module_options(app, command->module);
  add_report_options(app, command->output);
  return [command]() { return run(*command); };
}

}  // namespace attn::tools
