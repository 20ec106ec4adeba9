// Verification: somebody's tensors against ours, step by step; the first wrong step; the mistake that
// explains it; and, on a match, what this input could not have shown.
#pragma once

#include <attn/verify/align.hpp>
#include <attn/verify/blind_spots.hpp>
#include <attn/verify/compare.hpp>
#include <attn/verify/problem.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace attn {

enum class Verdict { match, mismatch, incomparable };
const char* to_string(Verdict verdict);

/// Whether a step follows from *their* upstream tensors by our operation.
enum class Local { match, mismatch, unknown };
const char* to_string(Local local);

struct StepVerdict {
  Step step;
  Difference difference;       ///< end to end: ours against theirs
  Local local = Local::unknown;
  Tolerance tolerance;
  Shape ours, theirs;          ///< theirs is empty when the step is missing
  std::size_t unfilled = 0;    ///< cells of a worksheet that were left empty: not compared
  bool in_padding_alone = false;  ///< it differs in cells of padding, and nowhere else; not where NaN stands on both sides alone
  std::size_t worst_that_counts = 0;  ///< where it differs elsewhere: the row-major position of the worst such cell
  bool compared() const { return difference.status != Status::missing; }
  bool differs() const { return compared() && difference.status != Status::match; }
  bool differs_where_it_counts() const { return differs() && !in_padding_alone; }
  bool diverges() const { return differs() && local != Local::match; }
};

/// The verdict on a step; nullptr where the run does not have it.
const StepVerdict* verdict_on(const std::vector<StepVerdict>& verdicts, Step step);

/// Whether a step after this one differs in more than padding, or a mask at all: that some rows of it mean nothing excuses
/// no mistake that made them.
bool any_differs_after(const std::vector<StepVerdict>& verdicts, Step step);

/// Whether the step was given to the run of attention, and they handed the same in.
bool was_given(const std::vector<StepVerdict>& verdicts, const Problem<double>& problem, Step step);

struct Diagnosis {
  std::string id;
  std::string variant;
  Step step;
  bool explains = false;     ///< the step itself was handed in; otherwise "consistent with"
  bool convention = false;   ///< another way to the same result: reported, not held against them
  double residual = 0;       ///< largest difference that is left
  std::string with;          ///< of a pair: the id of the other mistake
  bool of_ours = false;      ///< what theirs was held against is itself not the usual in this: see `expected`
  std::string expected{};    ///< what stands where `variant` was found, for mistakes about one word or number
};

struct Verification {
  Verdict verdict = Verdict::incomparable;
  std::optional<Step> first_divergent_step;
  std::vector<StepVerdict> steps;      ///< every step of the run that could be compared, in order
  std::vector<Diagnosis> diagnosis;    ///< best first
  std::vector<BlindSpot> blind_spots;  ///< on a match
  /// At the first divergent step, how far their cells are off, as excess() has it, NaN where a cell was not
  /// filled in; empty where the shapes differ. Of a large run it has the blocks of worst_blocks().
  std::optional<Tensor<double>> excess{};
  std::size_t excess_rows = 1, excess_columns = 1;  ///< cells of the step that are one of `excess`
  std::optional<Sizes> blind_spots_on;  ///< the part of a large run that they were decided on; empty: the run itself
  bool blind_spots_left_out = false;   ///< a match, and the run is too large to make every mistake in it
  bool pairs_left_out = false;         ///< a step is unexplained, and the run is too large to try mistakes in pairs
};

struct VerifyOptions {
  std::optional<Tolerance> tolerance;  ///< empty: what float32 rounding explains
  bool equal_nan = false;
  std::optional<int> decimals{};       ///< right is what lies within half a unit of the last of so many decimals
};

/// The inputs and steps of a run.
std::set<Step> comparable_steps(const Problem<double>& problem);

/// These of them, computed in order, or all.
std::map<Step, Tensor<double>> run_problem(const Problem<double>& problem, const std::set<Step>& steps);
std::map<Step, Tensor<double>> run_problem(const Problem<double>& problem);

/// What of a submission that matches could have shown a mistake: the steps that are ours; all that were compared, where
/// nothing but rows of padding differs.
Observed observed_in(const Verification& match);

/// Judges a submission. Never throws for what the submission holds: shapes that do not fit are findings.
Verification verify(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options);

/// The same, without blind spots, with all tensors of both sides in memory at once.
Verification verify_at_once(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options);

}  // namespace attn
