// Somebody's table: which variant is it, or which mistake?
#include "../common/choices.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/run_tool.hpp"
#include "../common/size_options.hpp"
#include "../common/table_report.hpp"
#include "../common/tensor_arguments.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/io/source.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace attn::tools {
namespace {

enum class Kind { sinusoidal, rope, alibi };

struct IdentifyCommand {
  explicit IdentifyCommand(CLI::App& app) : tensors(app) {}
  std::string file;
  Kind kind = Kind::sinusoidal;
  std::optional<std::size_t> heads;
  TensorArguments tensors;
  OutputOptions output;
};

std::string text_of(const std::vector<verify::Deviation>& deviations, const std::string& none) {
  std::string text;
  for (const verify::Deviation& one : deviations) text += (text.empty() ? "" : "; ") + (one.id.empty() ? "" : one.id + ": ") + one.message;
  return text.empty() ? none : text;
}

std::string ids_of(const std::vector<verify::Deviation>& deviations) {
  std::string text;
  for (const verify::Deviation& one : deviations) {
    if (!one.id.empty()) text += (text.empty() ? "" : " ") + one.id;
  }
  return text;
}

// The whole of X subtracted: what was added to it.
Tensor<double> difference(Tensor<double> table, const Tensor<double>& x) {
  if (shape_of(table) != shape_of(x)) throw ShapeError("--input", fmt::format("has shape {}, and the table {}", to_string(shape_of(x)), to_string(shape_of(table))));
  for (std::size_t i = 0; i < table.size(); ++i) table.data()[i] -= x.data()[i];
  return table;
}

verify::Identification identify(IdentifyCommand& c) {
  MemoryBudget budget(0);
  c.tensors.read(budget);
  TorchGenerator random(0);
  c.tensors.draw(random);
  const io::Array array = io::read_array(c.file, "identify", io::MemoryLimit(budget.left()));
  budget.charge(array.size() * sizeof(double), c.file);
  const Tensor<double> table = io::to_tensor<double>(array, c.file);
  if (c.kind != Kind::rope && c.heads) throw UsageError("--heads", "is for --kind rope");
  if (c.kind == Kind::rope && !c.tensors.has("--input")) throw UsageError("--input", "is needed with --kind rope: what the table was before its rotation");
  if (c.kind == Kind::alibi && c.tensors.has("--input")) throw UsageError("--input", "is for --kind sinusoidal and rope");
  if (c.kind == Kind::alibi) return verify::identify_alibi(table);
  if (c.kind == Kind::rope) return verify::identify_rope(table, c.tensors.take<double>("--input"), c.heads.value_or(1));
  return verify::identify_sinusoidal(c.tensors.has("--input") ? difference(table, c.tensors.take<double>("--input")) : table);
}

TableReport report_of(const IdentifyCommand& c, const verify::Identification& found) {
  TableReport report;
  report.title = posenc_word(c.output, found.explanations.empty()      ? "identify_unknown"
                                       : found.explanations.size() > 1 ? "identify_ties"
                                                                       : "identify_known");
  report.rows.columns = {{"status"}, {"ids"}, {"explanation"}, {"residual"}};
  render::Table shown;
  shown.columns = {{posenc_word(c.output, "identifiers")}, {posenc_word(c.output, "explanation")}, {posenc_word(c.output, "residual"), render::Alignment::right}};
  const std::string none = posenc_word(c.output, "identify_plain");
  const char* status = found.explanations.size() > 1 ? "consistent" : "explains";
  for (const verify::Explanation& one : found.explanations) {
    report.rows.rows.push_back({std::string(status), ids_of(one.deviations), text_of(one.deviations, none), one.residual});
    shown.rows.push_back({ids_of(one.deviations), text_of(one.deviations, none), fmt::format("{:.2g}", one.residual)});
  }
  for (const verify::Deviation& one : found.cannot_tell) report.rows.rows.push_back({std::string("cannot_tell"), one.id, one.message, render::Cell()});
  report.tables.push_back({posenc_word(c.output, "rounding", {{"found", found.rounding}}), shown});
  if (!found.cannot_tell.empty()) {
    render::Table blind;
    blind.columns = {shown.columns[0], shown.columns[1]};
    for (const verify::Deviation& one : found.cannot_tell) blind.rows.push_back({one.id, one.message});
    report.tables.push_back({posenc_word(c.output, "cannot_tell"), blind});
  }
  if (found.explanations.empty()) report.tables.clear();
  report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "identify"}, {"rounding", found.rounding}};
  return report;
}

// 0: the usual encoding, possibly among ties; 1: a mistake or another variant, or nothing known.
int exit_code(const verify::Identification& found) {
  for (const verify::Explanation& one : found.explanations) {
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
  add_table_options(app, command->output);
  return [command]() {
    const verify::Identification found = identify(*command);
    write_table_report(report_of(*command, found), command->output);
    return exit_code(found);
  };
}

}  // namespace attn::tools
