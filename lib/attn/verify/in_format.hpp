// Our run with some of its stages in few bits: what a program has that computes them so.
#pragma once

#include <attn/verify/divergence.hpp>
#include <attn/verify/precision.hpp>

#include <functional>
#include <set>
#include <utility>

namespace attn {

/// What a stage rounds: what it reads, as the products of TF32 do; what it gives, as a cast does; or both.
enum class Rounded { operands, result, both };

/// A run that computes these steps in a format. The problem must outlive it.
class RunInFormat : public Evaluator<double> {
 public:
  RunInFormat(const Problem<double>& problem, std::set<Step> stages, Mantissa mantissa, Rounded rounded)
      : Evaluator(problem), stages_(std::move(stages)), mantissa_(mantissa), rounded_(rounded) {}

 protected:
  Tensor<double> produce(Step step) override;

 private:
  const std::set<Step> stages_;
  const Mantissa mantissa_;
  const Rounded rounded_;
};

/// Numbers in all steps of a run above which its unseen stages are not tried one by one, but for the last.
constexpr std::size_t most_cells_to_try_stages = 100000;

/// Calls is_it(tensor) with the step to explain as every such run has it that they may have made, until one is it: the step by
/// itself is in the format, or the stages before it that they did not hand in, one of them or all together with it. Of a layer
/// the step by itself. `expected`: our operation on their upstream tensors.
void try_runs_in_format(const Divergence& divergence, Mantissa mantissa, const Tensor<double>& expected,
                        const std::function<bool(const Tensor<double>&)>& is_it);

}  // namespace attn
