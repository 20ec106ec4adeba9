#include <attn/grad/verification.hpp>
#include <attn/gradient_steps.hpp>
#include <attn/transpose.hpp>
#include <attn/verify/excess.hpp>
#include <attn/verify/precision.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>

namespace attn {
namespace {

Tensor<double> in_float32(Step, const Tensor<double>& own) { return rounded_to(own, Mantissa::float32); }

bool any_differs(const std::vector<StepVerdict>& verdicts) {
  return std::any_of(verdicts.begin(), verdicts.end(), [](const StepVerdict& v) { return v.compared() && v.difference.status != Status::match; });
}

class GradientWalk {
 public:
  GradientWalk(const Problem<double>& problem, const Tensor<double>& upstream, const Submission& theirs, const VerifyOptions& options)
      : theirs_(widened(theirs.tensors)),
        options_(options),
        ours_(backward(problem, upstream)),
        rounded_(backward(moved_by_rounding(problem), upstream, in_float32)),
        local_(backward(problem, upstream, [this](Step of, const Tensor<double>& own) { return theirs_or(own, of); })) {}

  Verification findings() {
    Verification result;
    for (std::size_t i = 0; i < ours_.size(); ++i) result.steps.push_back(judged(i, result.steps));
    const bool any = std::any_of(result.steps.begin() + 1, result.steps.end(), [](const StepVerdict& v) { return v.compared(); });
    if (!any) return result;
    const auto first = std::find_if(result.steps.begin(), result.steps.end(), [](const StepVerdict& v) { return v.diverges(); });
    result.verdict = first == result.steps.end() ? Verdict::match : Verdict::mismatch;
    if (result.verdict == Verdict::match) return result;
    result.first_divergent_step = first->step;
    const Tensor<double>& ours = ours_[static_cast<std::size_t>(first - result.steps.begin())].value;
    if (first->difference.status == Status::shape) return result;
    const Tensor<double>& theirs = theirs_.at(first->step);
    result.excess = excess(ours, theirs, first->tolerance);
    Tolerance equal_nan = first->tolerance;
    equal_nan.equal_nan = true;
    // The same NaN on both sides, and NaN was not said to be equal: nothing was compared there.
    if (agree(ours, theirs, equal_nan)) result.diagnosis.push_back({"T3", "NaN", first->step, true, false, 0, ""});
    return result;
  }

 private:
  StepVerdict judged(std::size_t i, const std::vector<StepVerdict>& before) const {
    const Tensor<double>& ours = ours_[i].value;
    const Step step = gradient_of(ours_[i].of);
    Tolerance tolerance = options_.tolerance.value_or(rounding_tolerance(ours, rounded_[i].value));
    tolerance.equal_nan = options_.equal_nan;
    StepVerdict verdict{step, {}, Local::unknown, tolerance, shape_of(ours), {}};
    const auto found = theirs_.find(step);
    if (found == theirs_.end()) return verdict;
    verdict.theirs = shape_of(found->second);
    verdict.difference = compare(ours, found->second, tolerance);
    if (i == 0) return verdict;  // it was given
    tolerance.equal_nan = options_.equal_nan || any_differs(before);  // NaN of their NaN
    verdict.local = agree(local_[i].value, found->second, tolerance) ? Local::match : Local::mismatch;
    return verdict;
  }

  Tensor<double> theirs_or(const Tensor<double>& own, Step of) const {
    const auto found = theirs_.find(gradient_of(of));
    return found != theirs_.end() && shape_of(found->second) == shape_of(own) ? found->second : own;
  }

  const std::map<Step, Tensor<double>> theirs_;
  const VerifyOptions options_;
  const std::vector<Gradient> ours_, rounded_, local_;
};

// Whether theirs is ours turned round, and not as it is.
bool is_turned(const Tensor<double>& ours, const Tensor<double>& theirs) {
  if (ours.dimension() != 2 || theirs.dimension() != 2 || theirs.shape(0) != ours.shape(1) || theirs.shape(1) != ours.shape(0)) return false;
  if (ours.shape(0) != ours.shape(1)) return true;
  const double turned = compare(ours, transposed(theirs), {}).cosine;
  return turned > 0.999 && turned > compare(ours, theirs, {}).cosine;
}

}  // namespace

Submission with_maps_turned(Submission theirs, const std::vector<Gradient>& ours) {
  for (const Gradient& gradient : ours) {
    const Step step = gradient_of(gradient.of);
    const auto found = theirs.tensors.find(step);
    if (found == theirs.tensors.end() || step_info(gradient.of).kind != StepKind::parameter) continue;
    const Tensor<double> map = found->second.in<double>();
    if (!is_turned(gradient.value, map)) continue;
    found->second = transposed(map);
    for (Alignment& alignment : theirs.alignments) {
      if (alignment.step == step) alignment.axes = "(out, in) to (in, out)";
    }
  }
  return theirs;
}

std::map<Step, Shape> gradient_shapes(const std::vector<Gradient>& gradients) {
  std::map<Step, Shape> shapes;
  for (const Gradient& gradient : gradients) shapes[gradient_of(gradient.of)] = shape_of(gradient.value);
  return shapes;
}

Verification verify_gradients(const Problem<double>& problem, const Tensor<double>& upstream, const Submission& theirs, const VerifyOptions& options) {
  return GradientWalk(problem, upstream, theirs, options).findings();
}

}  // namespace attn
