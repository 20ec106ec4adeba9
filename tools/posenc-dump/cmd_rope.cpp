// Rotary position embedding: the tables, and queries rotated by them.
#include "../common/array_report.hpp"
#include "../common/choices.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/run_options.hpp"
#include "../common/size_options.hpp"
#include "../common/tensor_arguments.hpp"
#include "encoding_runs.hpp"
#include "encoding_verify.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/ops/position_precision.hpp>
#include <attn/ops/rope.hpp>
#include <attn/verify/posenc_mistakes.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

constexpr std::size_t default_len = 8, default_head_dim = 8;
constexpr std::size_t proof_len = 32;  // positions at which the scores are compared

struct RopeCommand {
  explicit RopeCommand(CLI::App& app) : tensors(app) {}
  SizeOptions sizes;
  std::optional<std::size_t> rotary_dim;
  RopeOptions rope;
  RunOptions run;
  OutputOptions output;
  TensorArguments tensors;
  VerifyCommandOptions verify;
};

render::Section section_of(const std::string& name, const std::string& formula, const TensorView& tensor, const std::vector<std::string>& axes) {
  render::Section section;
  section.name = name;
  section.formula = formula;
  section.panel = render::Panel{tensor, axes, {}, {}, render::Shading::diverging, false};
  return section;
}

std::vector<std::string> axes_of(std::size_t rank) {
  const std::vector<std::string> all = {"B", "H", "position", "D"};
  if (rank > all.size()) throw ShapeError("--input", fmt::format("expected rank 2 to 4, (L, D) to (B, H, L, D), found rank {}", rank));
  return {all.end() - static_cast<std::ptrdiff_t>(rank), all.end()};
}

// The lengths of the run, with the input read and checked.
std::size_t length_of(RopeCommand& c, MemoryBudget& budget) {
  c.tensors.read(budget);
  c.rope.head_dim = c.sizes.head_dim.value_or(default_head_dim);
  std::size_t len = c.sizes.len.value_or(default_len);
  if (const TensorArgument* input = c.tensors.find("--input")) {
    const Shape& shape = input->shape();
    if (shape.size() < 2) throw ShapeError("--input", "expected (L, D), (H, L, D) or (B, H, L, D), found shape " + to_string(shape));
    axes_of(shape.size());
    require_agreement("--head-dim", c.sizes.head_dim, shape.back(), "--input");
    require_agreement("--len", c.sizes.len, shape[shape.size() - 2], "--input");
    c.rope.head_dim = shape.back();
    len = shape[shape.size() - 2];
    budget.charge(shape, 2 * sizeof(double), "the input and its rotation");
  }
  if (c.rope.factor != 1 && c.rope.scaling == RotaryScaling::none) throw UsageError("--factor", "stretches positions only with --scaling linear or ntk");
  c.rope.rotary_dim = c.rotary_dim.value_or(c.rope.head_dim);
  c.rope = checked(c.rope);
  budget.charge({len, c.rope.rotary_dim, 2}, sizeof(double), "the tables");
  return len;
}

// The tables, with the mistakes of --mistake in them.
template <class T>
RopeTables<T> tables_of(RopeCommand& c, std::size_t len) {
  RopeTables<T> tables = rope_tables<T>(len, c.rope);
  const std::vector<std::string>& ids = c.verify.mistakes;
  if (std::find(ids.begin(), ids.end(), "R6") == ids.end()) return tables;
  for (Tensor<T>* table : {&tables.cos, &tables.sin}) {
    std::transform(table->data(), table->data() + table->size(), table->data(), [](T value) { return static_cast<T>(rounded_to_bfloat16(static_cast<double>(value))); });
  }
  return tables;
}

int verify_rope(RopeCommand& c) {
  MemoryBudget budget(c.run.max_memory);
  const std::size_t len = length_of(c, budget);
  TorchGenerator random(c.run.seed);
  c.tensors.draw(random);
  EncodingReport words{c.output, {c.rope.rotary_dim, c.rope.head_dim, 1}};
  words.unnamed = c.tensors.has("--input") ? Step::rope_rotated : Step::rope_cos;
  words.max_memory = budget.left();
  return verify_encoding_files(c.verify, rope_run(c.rope, len, c.tensors.take_optional<double>("--input")), words);
}

template <class T>
int run_rope(RopeCommand& c) {
  MemoryBudget budget(c.run.max_memory);
  const std::size_t len = length_of(c, budget);
  c.rope = posenc::mistaken_rope(c.verify.mistakes, c.rope);
  TorchGenerator random(c.run.seed);
  c.tensors.draw(random);
  const RopeTables<T> tables = tables_of<T>(c, len);
  const std::vector<std::string> axes = {"position", "r"};
  Tensor<T> rotated;
  if (c.tensors.has("--input")) rotated = rope_rotated(c.tensors.take<T>("--input"), c.rope, tables, 0);
  const auto make = [&]() {
    ArrayReport report;
    report.document.title = posenc_word(c.output, "rope_title");
    report.document.introduction = posenc_notes(c.output, "rope");
    report.document.sections = {section_of("cos", "cos(i·ω_j)", tables.cos, shown_axes(c.output, axes)), section_of("sin", "sin(i·ω_j)", tables.sin, shown_axes(c.output, axes))};
    report.arrays = {{std::string(name_of(Step::rope_cos)), "cos(i·ω_j)", axes, tables.cos}, {std::string(name_of(Step::rope_sin)), "sin(i·ω_j)", axes, tables.sin}};
    if (c.tensors.has("--input")) {
      const char* formula = c.rope.pairing == RotaryPairing::half_split ? "(a, b) = (x[j], x[j + r/2]) → (a·cos - b·sin, a·sin + b·cos)"
                                                                        : "(a, b) = (x[2j], x[2j + 1]) → (a·cos - b·sin, a·sin + b·cos)";
      report.document.sections.push_back(section_of("rotated", formula, rotated, shown_axes(c.output, axes_of(rotated.dimension()))));
      report.arrays.insert(report.arrays.begin(), {std::string(name_of(Step::rope_rotated)), formula, axes_of(rotated.dimension()), rotated});
    }
    const double error = rope_shift_error(c.rope, std::min(len, proof_len));
    report.document.closing = posenc_notes(c.output, "rope_result", {{"deviation", fmt::format("{:.2g}", error)}, {"count", std::to_string(std::min(len, proof_len))}});
    report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "rope"}, {"dtype", to_string(c.run.dtype)}, {"base", c.rope.base},
                     {"pairing", c.rope.pairing == RotaryPairing::half_split ? "half-split" : "interleaved"}, {"rotary_dim", static_cast<std::uint64_t>(c.rope.rotary_dim)},
                     {"score_spread", error}};
    report.row_name = "position";
    report.first_row = c.rope.offset;
    for (render::Section& section : report.document.sections) section.panel->row_labels = position_labels(c.rope.offset, len);
    add_mistakes(report, c.verify, c.output);
    return report;
  };
  write_array_report(make, c.output);
  return exit_done;
}

void add_encoding(CLI::App& app, RopeCommand& c) {
  static const std::string group = "Encoding";
  add_count(app, "--rotary-dim", c.rotary_dim, "r: rotate the first r coordinates only (default: all)", 2)->group(group);
  const auto at_least_one = [&app](const char* option, double& target, const char* help) {
    add_word(app, option, "NUMBER", help, [option, &target](const std::string& text) {
      target = parse_number(option, text);
      if (target < 1) throw UsageError(option, "expected a number of at least 1, found '" + text + "'");
    })->group(group);
  };
  at_least_one("--base", c.rope.base, "ω_j = base^(-2j/r) (default 10000)");
  at_least_one("--factor", c.rope.factor, "How far --scaling stretches (default 1)");
  static const Choices<RotaryPairing> pairings = {{"half-split", RotaryPairing::half_split}, {"interleaved", RotaryPairing::interleaved}};
  add_choice(app, "--pairing", c.rope.pairing, pairings, "Coordinate j with j + r/2 (default), or 2j with 2j + 1")->group(group);
  static const Choices<RotaryScaling> scalings = {{"none", RotaryScaling::none}, {"linear", RotaryScaling::linear}, {"ntk", RotaryScaling::ntk}};
  add_choice(app, "--scaling", c.rope.scaling, scalings, "Longer texts: positions divided by the factor, or a larger base (NTK)")->group(group);
  static const Choices<RotaryExponent> exponents = {{"rotary-dim", RotaryExponent::rotary_dim}, {"head-dim", RotaryExponent::head_dim}};
  add_choice(app, "--frequencies-of", c.rope.exponent, exponents, "Exponents divided by r (default) or by D")->group(group);
  add_word(app, "--offset", "N", "The position of the first row (default 0)", [&c](const std::string& text) {
    c.rope.offset = parse_whole("--offset", text, 0, std::uint64_t{1} << 62);
  })->group(group);
}

}  // namespace

Run setup_rope(CLI::App& app) {
  auto command = std::make_shared<RopeCommand>(app);
  command->tensors.add("--input", "Q or K (L, D), (H, L, D) or (B, H, L, D): rotate it");
  add_size_options(app, command->sizes, {"--len", "--head-dim"});
  add_encoding(app, *command);
  add_seed_option(app, command->run);
  add_number_options(app, command->run);
  add_verify_options(app, command->verify);
  add_worksheet_checks(app, command->verify);
  add_mistake_option(app, command->verify);
  add_array_options(app, command->output);
  return [command]() {
    check_encoding_verify(command->verify, command->run.dtype, {}, posenc::rope_mistakes());
    if (!command->verify.files.empty()) return verify_rope(*command);
    return with_precision(command->run.dtype, [&](auto t) { return run_rope<decltype(t)>(*command); });
  };
}

}  // namespace attn::tools
