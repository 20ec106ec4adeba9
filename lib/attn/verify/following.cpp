#include <attn/verify/following.hpp>
#include <attn/verify/from_equals.hpp>
#include <attn/verify/padding.hpp>
#include <attn/verify/parts.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <memory>
#include <mutex>

namespace attn {
namespace {

// A part of the run with what it holds of their tensors.
class Following {
 public:
  Following(const Part& part, const Submission& theirs, const std::vector<StepVerdict>& verdicts, const VerifyOptions& options)
      : part_(part), theirs_(theirs.tensors), verdicts_(verdicts), options_(options), right_(part.problem()) {}

  bool follows(const StepVerdict& verdict) {
    if (verdict.difference.status == Status::shape) return false;
    if (!options_.tolerance && departs_from_equals(part_.problem(), verdicts_, verdict)) return false;
    try {
      if (!follows_from_equals(part_.problem(), verdicts_, verdict, Padding::left_out) && !follows(verdict, Padding::left_out)) return false;
      return !verdict.in_padding_alone || follows(verdict, Padding::counts);
    } catch (const std::exception&) {
      return false;  // their upstream tensors do not even fit each other
    }
  }

 private:
  // Cells of padding may hold anything: they are not to spoil, or to round, what counts. Where they are left out ours
  // stand there.
  bool follows(const StepVerdict& verdict, Padding padding) {
    const Step step = verdict.step;
    Tensor<double> local = made<double>(part_.problem(), step, padding);
    StoredTensor room;
    const StoredTensor* theirs = &part_.cut(step, theirs_.at(step), room);
    StoredTensor counting;
    if (padding == Padding::left_out && may_hide(verdict)) {
      if (auto with_ours = with_padding_of(part_.problem(), step, theirs->in<double>(), &local)) theirs = &(counting = std::move(*with_ours));
    }
    const auto agrees = [&](Tolerance tolerance) {
      // NaN that follows from their own NaN is a consequence.
      tolerance.equal_nan = options_.equal_nan || padding == Padding::counts || differs_before(verdicts_, step);
      return agree(local, theirs->view(), tolerance);
    };
    if (options_.tolerance) return agrees(*options_.tolerance);
    return agrees(least_tolerance(local)) || agrees(rounding_tolerance(local, made<float>(single(), step, padding)));
  }

  bool may_hide(const StepVerdict& verdict) const { return verdict.differs() && has_padding(part_.problem(), verdict.step); }

  // Our operation on their upstream tensors; only one of the right shape can stand there.
  template <class T>
  Tensor<T> made(const Problem<T>& problem, Step step, Padding padding) {
    Evaluator<T> run(problem);
    for (const StepVerdict& before : verdicts_) {
      if (before.step >= step || !before.compared() || before.difference.status == Status::shape) continue;
      run.know(before.step, [this, &before, padding]() { return upstream<T>(before, padding); });
    }
    return run.compute(step);
  }

  template <class T>
  Tensor<T> upstream(const StepVerdict& verdict, Padding padding) {
    StoredTensor room;
    const StoredTensor& theirs = part_.cut(verdict.step, theirs_.at(verdict.step), room);
    if (padding == Padding::left_out && may_hide(verdict)) {
      if (auto counting = with_padding_of(part_.problem(), verdict.step, theirs.in<double>(), padding_may_be_read(verdict.step) ? &right_.get(verdict.step) : nullptr)) return xt::cast<T>(*counting);
    }
    return theirs.in<T>();
  }

  const Problem<float>& single() {
    if (!single_) single_ = std::make_unique<Problem<float>>(in_float32(part_.problem()));
    return *single_;
  }

  const Part& part_;
  const std::map<Step, StoredTensor>& theirs_;
  const std::vector<StepVerdict>& verdicts_;
  const VerifyOptions& options_;
  Evaluator<double> right_;
  std::unique_ptr<Problem<float>> single_;
};

}  // namespace

std::map<Step, Local> judged_locally(const Problem<double>& problem, const Submission& theirs, const std::vector<StepVerdict>& verdicts,
                                     const VerifyOptions& options, const std::set<Step>& steps) {
  std::map<Step, Local> locals;
  std::mutex adding;
  const auto is_refuted = [&](Step step) {
    const std::lock_guard<std::mutex> lock(adding);
    const auto found = locals.find(step);
    return found != locals.end() && found->second == Local::mismatch;
  };
  const auto judge = [&](const Part& part, const std::set<Step>& asked) {
    Following following(part, theirs, verdicts, options);
    for (const StepVerdict& verdict : verdicts) {
      if (asked.count(verdict.step) == 0 || !part.judges(verdict.step) || is_refuted(verdict.step)) continue;
      const Local local = following.follows(verdict) ? Local::match : Local::mismatch;
      const std::lock_guard<std::mutex> lock(adding);
      const auto [known, fresh] = locals.emplace(verdict.step, local);
      if (!fresh && local == Local::mismatch) known->second = local;
    }
  };
  for_each_part(problem, parts_of(problem), [&](const Part& part, std::size_t) { judge(part, steps); });
  // What no part has, as a module's output that needs all heads.
  std::set<Step> rest;
  std::copy_if(steps.begin(), steps.end(), std::inserter(rest, rest.end()), [&](Step step) { return locals.count(step) == 0; });
  if (!rest.empty()) judge(Part(problem, std::nullopt), rest);
  return locals;
}

}  // namespace attn
