// Somebody's table: which variant is it, or which mistake?
#include "../common/choices.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/run_tool.hpp"
#include "../common/size_options.hpp"
#include "../common/table_report.hpp"
#include "../common/tensor_arguments.hpp"
#include "deviations.hpp"
#include "encoding_runs.hpp"
#include "encoding_verify.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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
  VerifyCommandOptions verify;
};

// Sentences of several deviations begin with their identifiers; what a single one is stands beside it.
std::string text_of(const IdentifyCommand& c, const EncodingSizes& sizes, const std::vector<posenc::Deviation>& deviations) {
  std::string text;
  for (const posenc::Deviation& one : deviations) {
    const std::string id = one.id.empty() || deviations.size() == 1 ? "" : one.id + ": ";
    text += (text.empty() ? "" : "; ") + id + sentence_of(c.output, sizes, one);
  }
  if (!text.empty()) return text;
  const bool is_value = c.role == posenc::RotaryRole::value;
  return posenc_word(c.output, is_value ? "identify_plain_value" : "identify_plain");
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
  c.tensors.use_default("table", c.file, budget);
  c.tensors.draw(random);
  budget.charge(element_count(c.tensors.find("table")->shape()).value_or(0) * sizeof(double), c.file);
  const Tensor<double> table = c.tensors.take<double>("table");
  if (table.size() == 0) throw ShapeError(c.file, "has shape " + to_string(shape_of(table)) + ": there is nothing to identify");
  const std::size_t rank = table.dimension();
  sizes.heads = c.kind == Kind::alibi && rank > 0 ? table.shape(rank < 3 ? 0 : rank - 3) : c.heads.value_or(1);
  sizes.width = table.dimension() > 0 ? table.shape(table.dimension() - 1) : 0;
  sizes.head_dim = sizes.width / sizes.heads;
  return table;
}

using Input = std::optional<Tensor<double>>;

posenc::Identification identify(const IdentifyCommand& c, const Tensor<double>& table, const Input& before) {
  if (c.kind == Kind::alibi) return posenc::identify_alibi(table);
  if (c.kind == Kind::rope) return posenc::identify_rope(table, *before, c.heads.value_or(1), c.role.value_or(posenc::RotaryRole::query_or_key));
  return before ? posenc::identify_sum(table, *before) : posenc::identify_sinusoidal(table);
}

Step step_of(const IdentifyCommand& c, const Tensor<double>& table, const Input& before) {
  if (c.kind == Kind::alibi) return table.dimension() < 3 ? Step::alibi_slopes : Step::alibi_bias;
  if (c.kind == Kind::rope) return Step::rope_rotated;
  return before ? Step::x_plus_p : Step::pos_encoding;
}

// Other tables against this one: do they have its variant, and if not, what is different?
int verify_identified(const IdentifyCommand& c, const EncodingSizes& sizes, const Tensor<double>& table, const Input& before) {
  const Step step = step_of(c, table, before);
  const posenc::EncodingRun run = identified_run(step, table, before, identify(c, table, before),
                                                 [&](const Tensor<double>& theirs) { return identify(c, theirs, before); });
  return verify_encoding_files(c.verify, run, {c.output, sizes, step});
}

void check(const IdentifyCommand& c) {
  const bool has_input = c.app.get_option("--input")->count() > 0;
  if (c.kind != Kind::rope && c.heads) throw UsageError("--heads", "is for --kind rope");
  if (c.kind != Kind::rope && c.role) throw UsageError("--role", "is for --kind rope");
  if (c.kind == Kind::rope && !has_input) throw UsageError("--input", "is needed with --kind rope: what the table was before its rotation");
  if (c.kind == Kind::alibi && has_input) throw UsageError("--input", "is for --kind sinusoidal and rope");
}

// "float16", or "3 decimals" in the language of the output.
std::string rounding_text(const OutputOptions& output, const std::string& rounding) {
  const std::size_t space = rounding.find(' ');
  return space == std::string::npos ? rounding : posenc_word(output, "decimals", {{"count", rounding.substr(0, space)}});
}

void add_explanations(const IdentifyCommand& c, const EncodingSizes& sizes, const posenc::Identification& found, TableReport& report) {
  render::Table shown;
  shown.columns = {{posenc_word(c.output, "identifiers")}, {posenc_word(c.output, "explanation")}, {posenc_word(c.output, "largest_difference"), render::Alignment::right}};
  const char* status = found.explanations.size() > 1 ? "consistent" : "explains";
  for (const posenc::Explanation& one : found.explanations) {
    const std::string text = text_of(c, sizes, one.deviations);
    report.rows.rows.push_back({std::string(status), ids_of(one.deviations), text, one.residual});
    shown.rows.push_back({ids_of(one.deviations), text, shown_number(c.output, one.residual)});
  }
  if (!shown.rows.empty()) report.tables.push_back({posenc_word(c.output, "rounding", {{"found", rounding_text(c.output, found.rounding)}}), shown});
}

// One line of each sentence: several types of half precision are one mistake.
void add_unseen(const IdentifyCommand& c, const EncodingSizes& sizes, const posenc::Identification& found, TableReport& report) {
  render::Table shown;
  shown.columns = {{posenc_word(c.output, "identifiers")}, {posenc_word(c.output, "explanation")}};
  bool has_half_precision = false;
  for (const posenc::Unseen& one : found.cannot_tell) {
    const bool is_half_precision = one.deviation.id == "E11" || one.deviation.id == "R6";
    if (is_half_precision && has_half_precision) continue;
    has_half_precision = has_half_precision || is_half_precision;
    const std::string text = sentence_of(c.output, sizes, one.deviation);
    report.rows.rows.push_back({std::string("cannot_tell"), one.deviation.id, text, render::Cell()});
    shown.rows.push_back({one.deviation.id, text});
  }
  if (!shown.rows.empty()) report.tables.push_back({posenc_word(c.output, "cannot_tell"), shown});
}

// Where nothing fits: the nearest variant, and the cells that are farthest from it.
void add_nearest(const IdentifyCommand& c, const EncodingSizes& sizes, const posenc::Nearest& nearest, TableReport& report) {
  if (!nearest.special.empty()) {
    const std::string text = posenc_word(c.output, "nearest_" + nearest.special);
    report.rows.rows.push_back({std::string("nearest"), std::string(), text, render::Cell()});
    report.title = text;
    return;
  }
  const std::string variant = text_of(c, sizes, nearest.deviations);
  const std::string counts = posenc_word(c.output, "nearest_counts", {{"count", std::to_string(nearest.wrong)}, {"total", std::to_string(nearest.cells)}, {"found", fmt::format("{:.3g}", nearest.median)}});
  const double farthest = nearest.worst.empty() ? 0 : std::abs(nearest.worst.front().theirs - nearest.worst.front().ours);
  report.rows.rows.push_back({std::string("nearest"), ids_of(nearest.deviations), variant + "; " + counts, farthest});
  render::Table shown;
  shown.columns = {{posenc_word(c.output, "axis_position"), render::Alignment::right}, {posenc_word(c.output, "axis_column"), render::Alignment::right},
                   {posenc_word(c.output, "theirs"), render::Alignment::right}, {posenc_word(c.output, "ours"), render::Alignment::right}};
  for (const posenc::WrongCell& cell : nearest.worst) {
    report.rows.rows.push_back({std::string("cell"), std::string(), fmt::format("[{}, {}]: {:.9g}, {:.9g}", cell.row, cell.column, cell.theirs, cell.ours), std::abs(cell.theirs - cell.ours)});
    shown.rows.push_back({std::to_string(cell.row), std::to_string(cell.column), shown_number(c.output, cell.theirs), shown_number(c.output, cell.ours)});
  }
  report.tables.push_back({posenc_word(c.output, "nearest", {{"found", variant}}), shown, {counts}});
}

TableReport report_of(const IdentifyCommand& c, const EncodingSizes& sizes, const posenc::Identification& found) {
  TableReport report;
  report.title = posenc_word(c.output, found.explanations.empty()      ? "identify_unknown"
                                       : found.explanations.size() > 1 ? "identify_ties"
                                                                       : "identify_known");
  report.introduction = posenc_notes(c.output, c.kind == Kind::rope ? "identify_rope" : c.kind == Kind::alibi ? "identify_alibi" : "identify");
  report.rows.columns = {{"status"}, {"ids"}, {"explanation"}, {"largest_difference"}};
  add_explanations(c, sizes, found, report);
  add_unseen(c, sizes, found, report);
  if (found.nearest) add_nearest(c, sizes, *found.nearest, report);
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
  app.add_option("table", command->file, "The table: FILE.npy, FILE.npz:NAME, …, a literal or a generator")->type_name("T")->required()->group("Tensors");
  command->tensors.add("--input", "What it was before: X when the table is X + P, Q or K when it is rotated");
  static const Choices<Kind> kinds = {{"sinusoidal", Kind::sinusoidal}, {"rope", Kind::rope}, {"alibi", Kind::alibi}};
  add_choice(app, "--kind", command->kind, kinds, "What the table should be (default sinusoidal)")->group("Encoding");
  add_count(app, "--heads", command->heads, "Rotary: heads side by side in the last axis (default 1)")->group("Encoding");
  static const Choices<posenc::RotaryRole> roles = {
      {"query", posenc::RotaryRole::query_or_key}, {"key", posenc::RotaryRole::query_or_key}, {"value", posenc::RotaryRole::value}};
  add_choice(app, "--role", command->role, roles, "Rotary: what the tensor is; values should not be rotated (default query)")->group("Encoding");
  add_verify_options(app, command->verify);
  add_worksheet_checks(app, command->verify);
  add_table_options(app, command->output);
  return [command]() {
    check(*command);
    check_encoding_verify(command->verify, Precision::float64, {});
    EncodingSizes sizes;
    const Tensor<double> table = read_table(*command, sizes);
    const Input before = command->tensors.take_optional<double>("--input");
    if (!command->verify.files.empty()) return verify_identified(*command, sizes, table, before);
    const posenc::Identification found = identify(*command, table, before);
    write_table_report([&]() { return report_of(*command, sizes, found); }, command->output);
    return exit_code(found);
  };
}

}  // namespace attn::tools
