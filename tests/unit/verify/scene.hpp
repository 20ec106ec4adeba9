// What the walk would hand to the diagnosis of a submission that parts from ours at a step.
#pragma once

#include "verify/loops.hpp"

#include <attn/verify/divergence.hpp>

#include <map>
#include <vector>

namespace loops {

struct Scene {
  Problem<double> problem;
  Tensors theirs;
  Tensors ours;
  std::map<Step, attn::Tolerance> tolerances;
  std::vector<attn::StepVerdict> verdicts;

  Scene(const Case& c, const Tensors& submitted) : problem(problem_of(c)), theirs(submitted), ours(attn::run_problem(problem)) {
    for (const auto& [step, tensor] : ours) tolerances[step] = {1e-6, 1e-6, false};
  }

  attn::Divergence divergence(Step step) const { return {problem, theirs, ours, tolerances, step, {1e-6, 1e-6, false}, verdicts}; }
};

}  // namespace loops
