#include <attn/grad/verification.hpp>
#include <attn/gradient_steps.hpp>
#include <attn/verify/excess.hpp>
#include <attn/verify/precision.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>

namespace attn {
namespace {

Tensor<double> in_float32(Step, const Tensor<double>& own) { return rounded_to(own, Mantissa::float32); }

bool differs_before(const std::vector<StepVerdict>& verdicts) {
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
    if (first->difference.status != Status::shape) result.excess = excess(ours, theirs_.at(first->step), first->tolerance);
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
    tolerance.equal_nan = options_.equal_nan || differs_before(before);  // NaN of their NaN
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

}  // namespace

std::map<Step, Shape> gradient_shapes(const std::vector<Gradient>& gradients) {
  std::map<Step, Shape> shapes;
  for (const Gradient& gradient : gradients) shapes[gradient_of(gradient.of)] = shape_of(gradient.value);
  return shapes;
}

Verification verify_gradients(const Problem<double>& problem, const Tensor<double>& upstream, const Submission& theirs, const VerifyOptions& options) {
  return GradientWalk(problem, upstream, theirs, options).findings();
}

}  // namespace attn
