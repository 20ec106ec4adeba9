// The mask each API expects, and conversion from one to another.
#include "../common/page_width.hpp"
#include "../common/choices.hpp"
#include "../common/formats.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/size_options.hpp"
#include "mask_report.hpp"
#include "moved_report.hpp"
#include "report.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>
#include <attn/io/array.hpp>
#include <attn/io/source.hpp>
#include <attn/shapes/masks.hpp>
#include <attn/steps.hpp>

#include <CLI/CLI.hpp>

#include <memory>

namespace attn::tools {
namespace {

struct MasksCommand {
  const shapes::MaskApi* from = nullptr;
  const shapes::MaskApi* to = nullptr;
  std::string mask;
  SizeOptions sizes;
  std::size_t max_memory = 0;
  MovedVerifyOptions verify;
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
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    Report report;
    report.rows_key = "masks";
    report.title = say(language, "masks.title");
    report.table.columns = {column(language, "name"), column(language, "api"), column(language, "axes"), column(language, "dtype"),
                            column(language, "polarity"), column(language, "broadcast")};
    for (const shapes::MaskApi& api : shapes::mask_table()) {
      std::string axes = "(" + std::string(api.axes) + (api.axes == "B" ? ",)" : ")");
      if (const std::size_t star = axes.find('*'); star != std::string::npos) axes.replace(star, 1, "·");
      report.table.rows.push_back({std::string(api.name), std::string(api.argument), axes, std::string(name_of(api.dtype)),
                                   say(language, meaning_key(api.meaning)), say(language, broadcast_key(api))});
    }
    report.text_body = lines_with_notes(report.table, 1, page_width(c.output));
    report.facts = {{"tool", "mha-shapes masks"}};
    if (c.output.notes) report.closing = {say(language, "masks.warning"), say(language, "masks.order")};
    return report;
  };
  write(make, c.output);
  return exit_done;
}

int verify_mask(const MasksCommand& c, const shapes::MaskValues& converted, const io::MemoryLimit& limit) {
  Tensor<double> tensor = empty<double>(converted.shape);
  std::copy(converted.values.begin(), converted.values.end(), tensor.data());
  MaskForm form;
  form.additive = c.to->meaning == shapes::MaskMeaning::add;
  form.batched = c.to->axes.front() == 'B' && c.to->axes.substr(0, 3) != "B*H";
  if (c.to->axes.substr(0, 3) == "B*H") form.folded_heads = c.sizes.heads.value_or(1);
  const std::vector<MovedTensor> ours = {{std::string(name_of(Step::mask)), std::move(tensor), {}}};
  return verify_and_report(ours, io::read_all(c.verify.file, limit), mask_mistakes(form), c.verify, c.output);
}

int run(const MasksCommand& c) {
  check_moved_verify(c.verify);
  const bool has_sizes = c.sizes.batch || c.sizes.heads || c.sizes.query_len || c.sizes.key_len;
  if (!c.from && !c.to && c.mask.empty() && c.verify.file.empty() && !has_sizes) return print_table(c);
  for (const auto& [given, option] : {std::pair(c.from != nullptr, "--from"), std::pair(c.to != nullptr, "--to"), std::pair(!c.mask.empty(), "--mask")}) {
    if (!given) throw UsageError(option, "is missing: a conversion needs --from, --to and --mask");
  }
  MemoryBudget budget(c.max_memory);
  const io::Array array = io::read_array(c.mask, "--mask", io::MemoryLimit(budget.left()));
  const Tensor<double> tensor = io::to_tensor<double>(array, "--mask " + c.mask, io::MemoryLimit(budget.left()));
  const shapes::MaskValues mask = {shape_of(tensor), {tensor.begin(), tensor.end()}};
  // While it is written a mask is there as values, as a tensor and in its own type.
  const shapes::MaskSizes sizes = {c.sizes.batch.value_or(0), c.sizes.heads.value_or(0), c.sizes.query_len.value_or(0), c.sizes.key_len.value_or(0),
                                   budget.left() / (3 * sizeof(double))};
  const shapes::MaskValues converted = shapes::convert_mask(*c.from, *c.to, mask, sizes);
  if (!c.verify.file.empty()) return verify_mask(c, converted, io::MemoryLimit(budget.left()));
  write_mask(*c.from, *c.to, converted, c.output);
  return exit_done;
}

}  // namespace

Run setup_masks(CLI::App& app) {
  auto c = std::make_shared<MasksCommand>();
  add_choice(app, "--from", c->from, api_choices(), "What the mask is written for")->group("Masks");
  add_choice(app, "--to", c->to, api_choices(), "What it is needed for")->group("Masks");
  app.add_option("--mask", c->mask, "The mask: FILE.npy, FILE.npz:NAME, …, - for standard input, or a literal")->type_name("MASK")->group("Masks");
  add_size_options(app, c->sizes, {"--batch", "--query-len", "--key-len", "--heads"});
  app.add_option_function<std::string>("--max-memory", [raw = c.get()](const std::string& text) { raw->max_memory = parse_bytes("--max-memory", text); },
                                       "Refuse to run beyond this, e.g. 512MiB or 4GiB (default: 80% of what is free)")
      ->type_name("SIZE")->group("Numbers");
  add_moved_verify_options(app, c->verify);
  add_report_or_tensor_options(app, c->output);
  return [c]() { return run(*c); };
}

}  // namespace attn::tools
