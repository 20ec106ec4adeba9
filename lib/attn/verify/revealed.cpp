#include <attn/verify/revealed.hpp>

#include <attn/verify/mistakes.hpp>
#include <attn/verify/rounding.hpp>
#include <attn/verify/verification.hpp>

#include <algorithm>

namespace attn {
namespace {

// In the order in which one variant of an id outweighs another.
enum class Trace { always, impossible, unchanged, shown };

class Survey {
 public:
  explicit Survey(const Problem<double>& problem) : problem_(problem), right_(run_problem(problem)) {
    const Problem<float> single = in_float32(problem);
    Evaluator<float> single_run(single);
    for (const auto& [step, tensor] : right_) {
      tolerances_[step] = rounding_tolerance(tensor, single_run.get(step));
      tolerances_[step].equal_nan = true;
    }
  }

  Trace of(const Mistake& mistake) const {
    try {
      MistakenRun run(problem_, {&mistake});
      bool changed = false;
      for (const auto& [step, tensor] : right_) {
        if (mistake.convention && step != Step::output) continue;
        const Tensor<double> wrong = mistake.convention ? run.get(step) : run.shown(step);
        changed = changed || compare(tensor, wrong, tolerances_.at(step)).status != Status::match;
      }
      if (!run.applied()) return Trace::impossible;
      return changed ? Trace::shown : Trace::unchanged;
    } catch (const std::exception&) {
      return Trace::impossible;  // it gives shapes that cannot go on: the program stops
    }
  }

 private:
  const Problem<double>& problem_;
  const std::map<Step, Tensor<double>> right_;
  std::map<Step, Tolerance> tolerances_;
};

}  // namespace

Revealed mistakes_revealed_by(const Problem<double>& problem) {
  const Survey survey(problem);
  std::vector<std::string> order;
  std::map<std::string, Trace> best;
  for (const Mistake& mistake : mistake_table()) {
    const auto [place, is_new] = best.emplace(mistake.id, Trace::always);
    if (is_new) order.push_back(mistake.id);
    // A fitted mistake is named only where no definite one fits, and of a convention the usual way counts.
    const bool usual_way_tried = mistake.convention && place->second >= Trace::unchanged;
    if (mistake.fitted || usual_way_tried) continue;
    if (place->second != Trace::shown) place->second = std::max(place->second, survey.of(mistake));
  }
  Revealed found;
  for (const std::string& id : order) {
    const Trace trace = best.at(id);
    (trace == Trace::shown         ? found.shown
     : trace == Trace::unchanged ? found.unchanged
     : trace == Trace::always    ? found.always
                                 : found.impossible)
        .push_back(id);
  }
  return found;
}

}  // namespace attn
