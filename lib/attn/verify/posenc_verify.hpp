// Verification of positional encodings: the tensors of a run of posenc-dump against somebody else's, with
// the verdicts, diagnoses and blind spots of the verification of attention. Hypotheses are those of the
// identification of tables.
#pragma once

#include <attn/steps.hpp>
#include <attn/verify/posenc_identify.hpp>
#include <attn/verify/verification.hpp>

#include <functional>
#include <map>
#include <vector>

namespace attn::posenc {

using Tensors = std::map<Step, Tensor<double>>;

/// One step of a run, in order of computation.
struct EncodingStep {
  Step step;
  Tensor<double> ours;
  double rounding = 0;  ///< absolute error that float32 arithmetic explains
  bool given = false;   ///< an input: agreeing on it is not agreeing on anything that was computed
  /// Our operation on earlier tensors, theirs where they have the right shape; empty: nothing is earlier.
  std::function<Tensor<double>(const Tensors& earlier)> from{};
};

/// The whole run with one thing done differently.
struct Candidate {
  Deviation deviation;
  std::function<Tensors()> run;
};

struct EncodingRun {
  std::vector<EncodingStep> steps;
  /// How the run itself differs from the usual encoding, because its options say so.
  std::vector<Deviation> usual{};
  /// Names a step's tensor, theirs being in `tensors` with ours where they have none; no explanation where
  /// there is nothing to say.
  std::function<Identification(Step step, const Tensors& tensors)> identify{};
  /// Tried where that names nothing.
  std::vector<Candidate> candidates{};
};

/// What float32 arithmetic does to sin(iω) and cos(iω), ω ≤ 1, up to position `last`: the rounded angle is
/// off by a part of its own size.
double rounding_at(std::uint64_t last);

/// Judges a submission. Never throws for what it holds: shapes that do not fit are findings.
Verification verify_encoding(const EncodingRun& run, const Submission& theirs, const VerifyOptions& options);

/// What a table has and the run has not, or the other way round; a deviation both have in different sizes
/// comes once. `expected` is what the run has.
std::vector<Deviation> difference(const std::vector<Deviation>& theirs, const std::vector<Deviation>& ours);

}  // namespace attn::posenc
