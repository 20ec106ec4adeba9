// The mask each API expects, and conversion from one to another.
#include "../common/choices.hpp"
#include "../common/formats.hpp"
#include "../common/size_options.hpp"
#include "report.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>
#include <attn/io/array.hpp>
#include <attn/io/npy.hpp>
#include <attn/io/source.hpp>
#include <attn/shapes/masks.hpp>

#include <CLI/CLI.hpp>

#include <memory>

namespace attn::tools {
namespace {

struct MasksCommand {
  const shapes::MaskApi* from = nullptr;
  const shapes::MaskApi* to = nullptr;
  std::string mask;
  SizeOptions sizes;
  OutputOptions output;
};

Choices<const shapes::MaskApi*> api_choices() {
  Choices<const shapes::MaskApi*> choices;
  for (const shapes::MaskApi& api : shapes::mask_table()) choices.emplace_back(std::string(api.name), &api);
  return choices;
}

std::string meaning_key(shapes::MaskMeaning meaning) {
  switch (meaning) {
    case shapes::MaskMeaning::keep: return "masks.keep";
    case shapes::MaskMeaning::drop: return "masks.drop";
    case shapes::MaskMeaning::add: return "masks.add";
    case shapes::MaskMeaning::length: return "masks.length";
  }
  return "";
}

std::string broadcast_key(const shapes::MaskApi& api) {
  if (api.axes == "Lq, Lk") return "masks.all";
  if (api.axes == "B*H, Lq, Lk") return "masks.none";
  if (api.axes == "B, H, Lq, Lk") return "masks.any_axis";
  return api.axes == "B, Lk" || api.axes == "B" ? "masks.queries_heads" : "masks.heads";
}

int print_table(const MasksCommand& c) {
  const lessons::Language language = c.output.language;
  Report report;
  report.rows_key = "masks";
  report.title = say(language, "masks.title");
  report.table.columns = {column(language, "name"), column(language, "api"), column(language, "axes"), column(language, "dtype"),
                          column(language, "polarity"), column(language, "broadcast")};
  for (const shapes::MaskApi& api : shapes::mask_table()) {
    std::string axes = "(" + std::string(api.axes) + (api.axes == "B" ? ",)" : ")");
    if (const std::size_t star = axes.find('*'); star != std::string::npos) axes.replace(star, 1, "·");
    report.table.rows.push_back({std::string(api.name), std::string(api.argument), axes, std::string(api.dtype),
                                 say(language, meaning_key(api.meaning)), say(language, broadcast_key(api))});
  }
  report.facts = {{"tool", "mha-shapes masks"}};
  if (c.output.notes) report.closing = {say(language, "masks.warning"), say(language, "masks.order")};
  write(report, c.output);
  return exit_done;
}

void print_mask(const MasksCommand& c, const shapes::MaskValues& mask) {
  Tensor<double> tensor = empty<double>(mask.shape);
  std::copy(mask.values.begin(), mask.values.end(), tensor.data());
  const std::string& path = c.output.path;
  if (path.size() > 4 && path.compare(path.size() - 4, 4, ".npy") == 0) {
    const auto sink = io::open_sink(path, c.output.force ? io::Overwrite::yes : io::Overwrite::no);
    io::write_npy(*sink, tensor);
    sink->finish();
    return;
  }
  const auto sink = io::open_sink(path, c.output.force ? io::Overwrite::yes : io::Overwrite::no);
  SinkOutput output(*sink);
  render::JsonTrace json(output, {{"tool", "mha-shapes masks"}, {"from", c.from->name}, {"to", c.to->name}});
  json.add({{"step", name_of(Step::mask)}, {"axes", c.to->axes}, {"shape", render::json_of(mask.shape)}}, tensor);
  json.finish();
  sink->finish();
}

int run(const MasksCommand& c) {
  if (!c.from && !c.to && c.mask.empty()) return print_table(c);
  for (const auto& [given, option] : {std::pair(c.from != nullptr, "--from"), std::pair(c.to != nullptr, "--to"), std::pair(!c.mask.empty(), "--mask")}) {
    if (!given) throw UsageError(option, "is missing: a conversion needs --from, --to and --mask");
  }
  const io::Array array = io::read_array(c.mask, "--mask");
  const Tensor<double> tensor = io::to_tensor<double>(array, "--mask " + c.mask);
  const shapes::MaskValues mask = {shape_of(tensor), {tensor.begin(), tensor.end()}};
  print_mask(c, shapes::convert_mask(*c.from, *c.to, mask, c.sizes.batch.value_or(0), c.sizes.heads.value_or(0), c.sizes.query_len.value_or(0)));
  return exit_done;
}

}  // namespace

Run setup_masks(CLI::App& app) {
  auto c = std::make_shared<MasksCommand>();
  add_choice(app, "--from", c->from, api_choices(), "What the mask is written for")->group("Masks");
  add_choice(app, "--to", c->to, api_choices(), "What it is needed for")->group("Masks");
  app.add_option("--mask", c->mask, "The mask: a file or a literal; written as JSON, or as an .npy file")->type_name("T")->group("Masks");
  add_size_options(app, c->sizes, {"--batch", "--query-len", "--heads"});
  add_report_options(app, c->output);
  return [c]() { return run(*c); };
}

}  // namespace attn::tools
