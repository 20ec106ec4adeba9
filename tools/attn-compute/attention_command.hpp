// What the five attention subcommands share: their options, and everything after the computation.
#pragma once

#include "../common/cli11_forward.hpp"
#include "../common/memory_budget.hpp"
#include "../common/output_options.hpp"
#include "../common/run_options.hpp"
#include "../common/run_tool.hpp"
#include "../common/size_options.hpp"
#include "../common/tensor_arguments.hpp"
#include "../common/verify_options.hpp"
#include "path_option.hpp"
#include "planned_steps.hpp"
#include "purpose.hpp"
#include "score_options.hpp"

#include <attn/lessons/cell.hpp>
#include <attn/random.hpp>
#include <attn/render/json.hpp>
#include <attn/trace.hpp>
#include <attn/verify/problem.hpp>
#include <attn/weights/layouts.hpp>

#include <functional>
#include <string>
#include <utility>

namespace attn::tools {

/// The options of a backward pass.
struct GradientOptions {
  std::optional<std::size_t> measured;  ///< numbers of each step that are also measured by finite differences
  std::size_t measurements() const { return measured.value_or(64); }
};

/// The options every attention subcommand has. `default_scale` is "auto" or "none".
struct AttentionCommand {
  AttentionCommand(CLI::App& app, std::string subcommand, const std::string& default_scale = "auto", Purpose purpose = Purpose::steps);

  std::string subcommand;  ///< "mha"
  RunOptions run;
  SizeOptions sizes;
  ScoreOptions scores;
  VerifyCommandOptions verify;
  OutputOptions output;
  TensorArguments tensors;
  PathOptions path;
  std::optional<GradientOptions> gradient;  ///< only of a run with Purpose::gradient

  /// Whether the run must be taken apart: for --verify, --mistake, a backward pass or an inspection.
  bool needs_problem() const { return gradient || !verify.files.empty() || !verify.mistakes.empty() || inspect; }
  /// Whether the steps are held against files, not the gradients.
  bool verifies_steps() const { return !gradient && !verify.files.empty(); }
  /// Whether the steps that can be computed are to be listed instead of computing them.
  bool only_lists() const { return output.list_steps && !gradient; }

  /// Is given the finished run instead of its being presented; empty from the command line.
  std::function<void(const Problem<double>&)> inspect{};
};

/// A finished run, ready to be shown.
struct AttentionResult {
  Trace trace;                          ///< parameters included
  AttentionFacts facts;
  const LayoutInfo* layout = nullptr;   ///< of the weights; nullptr for a run without a module
  bool add_zero_attn = false;           ///< the module appended a key of zeros
  std::optional<ScoreOptions> scores{};      ///< of this block, where a layer has several; else the command's
  std::optional<Problem<double>> problem{};  ///< for --verify, --mistake and a backward pass
  std::optional<Tensor<double>> upstream{};  ///< for a backward pass
};

/// Throws UsageError for verification options that contradict each other or name no mistake of attention.
void check_verify(const AttentionCommand& command);

/// Throws UsageError for options that have no effect where --verify prints its findings instead of the steps.
void check_findings_only(const OutputOptions& output, const RunOptions& run);

/// Draws the dropout mask [B, H, Lq, Lk], last of everything drawn; empty without dropout.
template <class T>
std::optional<Tensor<T>> draw_dropout(const ScoreOptions& scores, const Sizes& sizes, TorchGenerator& random) {
  if (scores.dropout == 0) return std::nullopt;
  const Tensor<float> keep =
      dropout_keep(random, {sizes.batch, sizes.heads, sizes.query_len, sizes.key_len}, scores.dropout);
  Tensor<T> widened = empty<T>(shape_of(keep));
  std::copy(keep.data(), keep.data() + keep.size(), widened.data());
  return widened;
}

/// The part of a plan that the shared options decide.
RunPlan plan_of(const AttentionCommand& command);

/// What the shared options did, for notes and for --cell. The rules are copied into the facts.
template <class T>
AttentionFacts facts_of(const AttentionCommand& command, const AttentionOptions<T>& options, const Sizes& sizes) {
  AttentionFacts facts;
  facts.scale = effective_scale(options, sizes.head_dim);
  facts.softcap = options.softcap;
  facts.mask_fill = options.mask_fill;
  facts.dropout_p = options.dropout_p;
  const bool finite_fill = command.scores.mask_fill.has_value();
  facts.masked_rows_replaced = !finite_fill || command.scores.masked_rows.has_value();
  if (options.mask.any()) {
    facts.verdict = [rules = options.mask, sizes](std::size_t b, std::size_t h, std::size_t i, std::size_t j) {
      const MaskVerdict<T> v = mask_verdict(rules, sizes, b, h, i, j);
      return MaskVerdict<double>{v.causal, v.padding, v.window, v.given, static_cast<double>(v.added)};
    };
  }
  return facts;
}

/// Throws UsageError for a --blank that contradicts other options.
void check_worksheet(const AttentionCommand& command);

/// Writes what the options ask for: the selected steps in the chosen format, or one cell taken apart.
/// Throws NonFiniteError after writing, under --strict.
int present(const AttentionCommand& command, AttentionResult result);

/// The description of a run at the head of its JSON.
render::JsonObject json_header(const AttentionCommand& command, const AttentionResult& result);

/// Throws NonFiniteError for a NaN or an infinity that is not a mask's.
void require_finite(const Trace& trace);

/// Prints the steps that `everything` the subcommand can do has, then the parameters that it can show.
int list_steps(const AttentionCommand& command, const RunPlan& everything, const std::vector<Step>& parameters);

}  // namespace attn::tools
