// Verification: somebody's tensors against ours, step by step; the first wrong step; the mistake that
// explains it; and, on a match, what this input could not have shown.
#pragma once

#include <attn/verify/align.hpp>
#include <attn/verify/compare.hpp>
#include <attn/verify/problem.hpp>

#include <optional>
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
  Difference local_difference;  ///< our operation on their upstream tensors, against theirs
  Tolerance tolerance;
  Shape ours, theirs;          ///< theirs is empty when the step is missing
  bool diverges() const { return difference.status != Status::missing && difference.status != Status::match && local != Local::match; }
};

struct Diagnosis {
  std::string id;
  std::string variant;
  Step step;
  bool explains = false;     ///< the step itself was handed in; otherwise "consistent with"
  bool convention = false;   ///< another way to the same result: reported, not held against them
  double residual = 0;       ///< largest difference that is left
  std::string with;          ///< of a pair: the id of the other mistake
  std::string expected{};    ///< what stands where `variant` was found, for mistakes about one word or number
};

struct BlindSpot {
  std::string id;
  bool applies = false;      ///< false: the mistake cannot be made in this run at all
};

struct Verification {
  Verdict verdict = Verdict::incomparable;
  std::optional<Step> first_divergent_step;
  std::vector<StepVerdict> steps;      ///< every step of the run that could be compared, in order
  std::vector<Diagnosis> diagnosis;    ///< best first
  std::vector<BlindSpot> blind_spots;  ///< on a match
  bool blind_spots_known = false;      ///< false: the run is too large to try every mistake on it
};

struct VerifyOptions {
  std::optional<Tolerance> tolerance;  ///< empty: what float32 rounding explains
  bool equal_nan = false;
};

/// The tensors of every step of a run, computed in order; `shown` of a run with mistakes.
std::map<Step, Tensor<double>> run_problem(const Problem<double>& problem);

/// Judges a submission. Never throws for what the submission holds: shapes that do not fit are findings.
Verification verify(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options);

}  // namespace attn
