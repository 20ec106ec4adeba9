// Somebody's table: which variant is it, or which mistake?
#include "../common/choices.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/run_tool.hpp"
#include "../common/size_options.hpp"
#include "../common/table_report.hpp"
#include "../common/tensor_arguments.hpp"
#include "deviations.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/io/source.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

enum class Kind { sinusoidal, rope, alibi };

struct IdentifyCommand {
  explicit IdentifyCommand(CLI::App& command) : app(command), tensors(command) {}
  CLI::App& app;
  std::string file;
  Kind kind = Kind::sinusoidal;
  std::optional<std::size_t> heads;
  std::optional<posenc::RotaryRole> role;
  TensorArguments tensors;
  OutputOptions output;
};

std::string text_of(const IdentifyCommand& c, const EncodingSizes& sizes, const std::vector<posenc::Deviation>& deviations) {
  std::string text;
  for (const posenc::Deviation& one : deviations) {
    text += (text.empty() ? "" : "; ") + (one.id.empty() ? "" : one.id + ": ") + sentence_of(c.output, sizes, one);
  }
  return text.empty() ? posenc_word(c.output, "identify_plain") : text;
}

std::string ids_of(const std::vector<posenc::Deviation>& deviations) {
  std::vector<std::string> ids;
  for (const posenc::Deviation& one : deviations) {
    if (!one.id.empty() && std::find(ids.begin(), ids.end(), one.id) == ids.end()) ids.push_back(one.id);
  }
  return fmt::format("{}", fmt::join(ids, " "));
}

// The table, and the sizes that sentences about it name.
Tensor<double> read_table(IdentifyCommand& c, EncodingSizes& sizes) {
  MemoryBudget budget(0);
  c.tensors.read(budget);
  TorchGenerator random(0);
  c.tensors.draw(random);
  const io::Array array = io::read_array(c.file, "identify", io::MemoryLimit(budget.left()));
  budget.charge(array.size() * sizeof(double), c.file);
  const Tensor<double> table = io::to_tensor<double>(array, c.file);
  if (table.size() == 0) throw ShapeError(c.file, "has shape " + to_string(shape_of(table)) + ": there is nothing to identify");
  sizes.heads = c.kind == Kind::alibi && table.dimension() > 0 ? table.shape(0) : c.heads.value_or(1);
  sizes.width = table.dimension() > 0 ? table.shape(table.dimension() - 1) : 0;
  sizes.head_dim = sizes.width / sizes.heads;
  return table;
}

posenc::Identification identify(IdentifyCommand& c, const Tensor<double>& table) {
  if (c.kind == Kind::alibi) return posenc::identify_alibi(table);
  if (c.kind == Kind::rope) return posenc::identify_rope(table, c.tensors.take<double>("--input"), c.heads.value_or(1), c.role.value_or(posenc::RotaryRole::query_or_key));
  if (c.tensors.has("--input")) return posenc::identify_sum(table, c.tensors.take<double>("--input"));
  return posenc::identify_sinusoidal(table);
}

void check(const IdentifyCommand& c) {
  const bool has_input = c.app.get_option("--input")->count() > 0;
  if (c.kind != Kind::rope && c.heads) throw UsageError("--heads", "is for --kind rope");
  if (c.kind != Kind::rope && c.role) throw UsageError("--role", "is for --kind rope");
  if (c.kind == Kind::rope && !has_input) throw UsageError("--input", "is needed with --kind rope: what the table was before its rotation");
  if (c.kind == Kind::alibi && has_input) throw UsageError("--input", "is for --kind sinusoidal and rope");
}

TableReport report_of(const IdentifyCommand& c, const EncodingSizes& sizes, const posenc::Identification& found) {
  TableReport report;
  report.title = posenc_word(c.output, found.explanations.empty()      ? "identify_unknown"
                                       : found.explanations.size() > 1 ? "identify_ties"
                                                                       : "identify_known");
  report.introduction = posenc_notes(c.output, "identify");
  report.rows.columns = {{"status"}, {"ids"}, {"explanation"}, {"largest_difference"}};
  render::Table shown;
  shown.columns = {{posenc_word(c.output, "identifiers")}, {posenc_word(c.output, "explanation")}, {posenc_word(c.output, "largest_difference"), render::Alignment::right}};
  const char* status = found.explanations.size() > 1 ? "consistent" : "explains";
  for (const posenc::Explanation& one : found.explanations) {
    const std::string text = text_of(c, sizes, one.deviations);
    report.rows.rows.push_back({std::string(status), ids_of(one.deviations), text, one.residual});
    shown.rows.push_back({ids_of(one.deviations), text, shown_number(c.output, one.residual)});
  }
  if (!found.explanations.empty()) report.tables.push_back({posenc_word(c.output, "rounding", {{"found", found.rounding}}), shown});
  render::Table blind;
  blind.columns = {shown.columns[0], shown.columns[1]};
  for (const posenc::Unseen& one : found.cannot_tell) {
    const std::string text = sentence_of(c.output, sizes, one.deviation);
    report.rows.rows.push_back({std::string("cannot_tell"), one.deviation.id, text, render::Cell()});
    blind.rows.push_back({one.deviation.id, text});
  }
  if (!blind.rows.empty()) report.tables.push_back({posenc_word(c.output, "cannot_tell"), blind});
  report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "identify"}, {"rounding", found.rounding}};
  return report;
}

// 0: the usual encoding, possibly among ties; 1: a mistake or another variant, or nothing known.
int exit_code(const posenc::Identification& found) {
  for (const posenc::Explanation& one : found.explanations) {
    if (one.deviations.empty()) return exit_done;
  }
  return exit_different;
}

}  // namespace

Run setup_identify(CLI::App& app) {
  auto command = std::make_shared<IdentifyCommand>(app);
  app.add_option("table", command->file, "The table: FILE.npy, FILE.npz:NAME, … or a literal")->type_name("T")->required()->group("Tensors");
  command->tensors.add("--input", "What it was before: X when the table is X + P, Q or K when it is rotated");
  static const Choices<Kind> kinds = {{"sinusoidal", Kind::sinusoidal}, {"rope", Kind::rope}, {"alibi", Kind::alibi}};
  add_choice(app, "--kind", command->kind, kinds, "What the table should be (default sinusoidal)")->group("Encoding");
  add_count(app, "--heads", command->heads, "Rotary: heads side by side in the last axis (default 1)")->group("Encoding");
  static const Choices<posenc::RotaryRole> roles = {
      {"query", posenc::RotaryRole::query_or_key}, {"key", posenc::RotaryRole::query_or_key}, {"value", posenc::RotaryRole::value}};
  add_choice(app, "--role", command->role, roles, "Rotary: what the tensor is; values should not be rotated (default query)")->group("Encoding");
  add_table_options(app, command->output);
  return [command]() {
    check(*command);
    EncodingSizes sizes;
    const Tensor<double> table = read_table(*command, sizes);
    const posenc::Identification found = identify(*command, table);
    write_table_report([&]() { return report_of(*command, sizes, found); }, command->output);
    return exit_code(found);
  };
}

}  // namespace attn::tools
