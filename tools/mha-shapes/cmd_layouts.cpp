// How each framework names, shapes and packs the parameters of multi-head attention; conversion between them.
#include "../common/choices.hpp"
#include "../common/size_options.hpp"
#include "layout_files.hpp"
#include "moved_report.hpp"
#include "report.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

struct LayoutsCommand {
  const LayoutInfo* only = nullptr;
  const LayoutInfo* from = nullptr;
  const LayoutInfo* to = nullptr;
  std::string inspect, input, result;
  SizeOptions sizes;
  MovedVerifyOptions verify;
  OutputOptions output;
};

Choices<const LayoutInfo*> layout_choices() {
  Choices<const LayoutInfo*> choices;
  for (const LayoutInfo* layout : all_layouts()) choices.emplace_back(std::string(layout->name), layout);
  return choices;
}

std::string packing_key(const LayoutRow& row) {
  if (row.presence == Presence::with_bias && row.feeds.size() > 1) return "in_a_row";
  switch (row.packing) {
    case Packing::stacked_qkv: return "stacked";
    case Packing::side_by_side_qkv: return "side_by_side";
    case Packing::heads_first: return "heads_first";
    case Packing::shared_by_heads: return "shared";
    case Packing::whole: break;
  }
  const std::size_t rank = split_axes(row.axes).size();
  if (rank == 3 && row.presence != Presence::with_bias_kv) return "heads_axis";
  if (rank != 2 || row.presence == Presence::with_bias) return "plain";
  return row.orientation == Orientation::out_in ? "out_in" : "in_out";
}

std::string presence_key(Presence presence) {
  switch (presence) {
    case Presence::always: return "always";
    case Presence::with_bias: return "with_bias";
    case Presence::with_bias_kv: return "with_bias_kv";
    case Presence::equal_widths: return "equal_widths";
    case Presence::different_widths: return "different_widths";
  }
  return "";
}

std::string feeds_of(const LayoutRow& row) {
  std::string text;
  for (const Step step : row.feeds) text += (text.empty() ? "" : ", ") + std::string(name_of(step));
  return text;
}

// "(3·E, E)", as the traces write axes.
std::string axes_text(const LayoutRow& row) {
  const bool one = split_axes(row.axes).size() == 1;
  std::string text = "(" + std::string(row.axes) + (one ? ",)" : ")");
  for (std::size_t star = text.find('*'); star != std::string::npos; star = text.find('*', star)) text.replace(star, 1, "·");
  return text;
}

std::optional<MultiheadShape> asked_shape(const LayoutsCommand& c, const LayoutInfo& layout) {
  if (!c.sizes.d_model) return std::nullopt;
  MultiheadShape shape;
  shape.d_model = *c.sizes.d_model;
  shape.heads = layout.one_head ? 1 : c.sizes.heads.value_or(1);
  if (layout.grouped_heads) shape.kv_heads = c.sizes.kv_heads.value_or(0);
  return resolved(layout, shape);
}

int print_table(const LayoutsCommand& c) {
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    Report report;
    report.rows_key = "tensors";
    report.title = say(language, "layouts.title");
    report.table.columns = {column(language, "layout"), column(language, "name"), column(language, "axes")};
    if (c.sizes.d_model) report.table.columns.push_back(column(language, "shape"));
    report.table.columns.insert(report.table.columns.end(), {column(language, "feeds"), column(language, "packing"), column(language, "presence")});
    for (const LayoutInfo* layout : all_layouts()) {
      if (c.only && layout != c.only) continue;
      const auto shape = asked_shape(c, *layout);
      for (const LayoutRow& row : layout->rows) {
        std::vector<render::Cell> cells = {std::string(layout->name), std::string(row.name), axes_text(row)};
        if (shape) cells.emplace_back(to_string(shape_of_axes(row.axes, sizes_of(*shape))));
        cells.emplace_back(feeds_of(row));
        cells.emplace_back(say(language, "layouts." + packing_key(row)));
        cells.emplace_back(say(language, "layouts." + presence_key(row.presence)));
        report.table.rows.push_back(std::move(cells));
      }
    }
    report.facts = {{"tool", "mha-shapes layouts"}};
    if (c.output.notes) {
      report.introduction = {say(language, "layouts.intro")};
      report.closing = {say(language, "layouts.packing_warning")};
    }
    return report;
  };
  write(make, c.output);
  return exit_done;
}

int print_inspection(const LayoutsCommand& c) {
  const std::vector<LayoutFit> fits = inspect_file(c.inspect, c.sizes.heads.value_or(0));
  constexpr auto right = render::Alignment::right;
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    Report report;
    report.rows_key = "modules";
    report.title = say(language, "layouts.inspect_title", {{"name", c.inspect}});
    report.table.columns = {column(language, "prefix"), column(language, "layout"),         column(language, "d_model", right),
                            column(language, "heads"),  column(language, "head_dim", right), column(language, "bias")};
    for (const LayoutFit& fit : fits) {
      report.table.rows.push_back({fit.prefix, std::string(fit.layout->name), cell(fit.d_model), fit.heads,
                                   fit.head_dim > 0 ? cell(fit.head_dim) : render::Cell(), fit.bias});
    }
    report.facts = {{"tool", "mha-shapes layouts"}, {"file", c.inspect}};
    if (c.output.notes) report.closing = {say(language, fits.empty() ? "layouts.no_fit" : "layouts.heads_note")};
    return report;
  };
  write(make, c.output);
  return fits.empty() ? exit_different : exit_done;
}

int verify(const LayoutsCommand& c) {
  if (c.input.empty()) throw UsageError("--verify", "needs the file IN that the other result was made from");
  if (!c.result.empty()) throw UsageError("--verify", "writes no file OUT: give the file to verify as its value");
  const ConvertedModule module = converted_module({c.from, c.to, c.input, "", c.sizes.heads.value_or(0), false});
  return verify_and_report(module.tensors, read_module_file(c.verify.file), weight_mistakes(module.shape.heads), c.verify, c.output);
}

int convert(const LayoutsCommand& c) {
  if (!c.from || !c.to) throw UsageError(c.from ? "--to" : "--from", "is missing: a conversion needs both layouts");
  if (!c.verify.file.empty()) return verify(c);
  if (c.input.empty() || c.result.empty()) throw UsageError("", "a conversion needs two files: IN and OUT");
  const Conversion done = convert_file({c.from, c.to, c.input, c.result, c.sizes.heads.value_or(0), c.output.force});
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    Report report;
    report.rows_key = "tensors";
    report.title = say(language, "layouts.convert_title", {{"found", std::string(c.from->name)}, {"right", std::string(c.to->name)}});
    report.table.columns = {column(language, "name"), column(language, "shape"), column(language, "dtype"), column(language, "feeds")};
    for (const ConvertedTensor& tensor : done.tensors) {
      report.table.rows.push_back({tensor.name, to_string(tensor.shape), std::string(to_string(done.precision)), tensor.feeds});
    }
    report.facts = {{"tool", "mha-shapes layouts"}, {"from", c.from->name}, {"to", c.to->name},
                    {"sizes", render::json_of(sizes_of(done.shape))}, {"round_trip", "equal"}, {"numbers", std::uint64_t{done.numbers}}};
    report.closing = {say(language, "layouts.proof", {{"count", std::to_string(done.numbers)}, {"name", c.result}})};
    return report;
  };
  write(make, c.output);
  return exit_done;
}

// An option that this use of the subcommand has no need of is refused rather than ignored.
void require_use(const LayoutsCommand& c, bool converts) {
  const bool shows_table = !converts && c.inspect.empty();
  const auto refuse = [](bool useless, const char* option, const char* problem) {
    if (useless) throw UsageError(option, problem);
  };
  refuse(c.only && !shows_table, "--layout", "chooses a part of the table; with files give --from and --to");
  refuse(c.sizes.d_model && !shows_table, "--d-model", "is for the table; the weights in a file have their own");
  refuse(c.sizes.kv_heads && !shows_table, "--kv-heads", "is for the table; the weights in a file have their own");
  refuse(c.sizes.heads && shows_table && !c.sizes.d_model, "--heads", "needs --d-model, which the table's shapes are made of");
  refuse(c.sizes.kv_heads && shows_table && !c.sizes.d_model, "--kv-heads", "needs --d-model, which the table's shapes are made of");
}

int run(const LayoutsCommand& c) {
  check_moved_verify(c.verify);
  const bool converts = c.from || c.to || !c.input.empty() || !c.verify.file.empty();
  require_use(c, converts);
  if (converts && !c.inspect.empty()) throw UsageError("--inspect", "cannot be combined with a conversion");
  if (converts) return convert(c);
  if (!c.inspect.empty()) return print_inspection(c);
  return print_table(c);
}

}  // namespace

Run setup_layouts(CLI::App& app) {
  auto c = std::make_shared<LayoutsCommand>();
  add_choice(app, "--layout", c->only, layout_choices(), "Show this layout only")->group("Weights");
  add_choice(app, "--from", c->from, layout_choices(), "Layout of the file IN")->group("Weights");
  add_choice(app, "--to", c->to, layout_choices(), "Layout to write as the file OUT")->group("Weights");
  app.add_option("in", c->input, "Weights to convert: .safetensors or .npz, or FILE:PREFIX for one module of a model")->type_name("IN")->group("Weights");
  app.add_option("out", c->result, "File to write: .safetensors or .npz")->type_name("OUT")->group("Weights");
  app.add_option("--inspect", c->inspect, "Say which layouts the names and shapes of a file fit; reads headers only")
      ->type_name("FILE")->group("Weights");
  add_size_options(app, c->sizes, {"--d-model", "--heads", "--kv-heads"});
  add_moved_verify_options(app, c->verify);
  add_report_options(app, c->output);
  return [c]() { return run(*c); };
}

}  // namespace attn::tools
