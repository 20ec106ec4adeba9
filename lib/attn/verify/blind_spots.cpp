#include <attn/verify/blind_spots.hpp>
#include <attn/verify/cut_down.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/rounding.hpp>
#include <attn/workers.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>

namespace attn {
namespace {

// Numbers a run may hold before it is cut down: making every mistake then takes some milliseconds.
constexpr std::size_t most_cells = 20000;

// A layer is not cut down.
constexpr std::size_t most_cells_of_layer = 300000;

// Numbers times width, which is what maps cost, below which one thread is done before others have begun.
constexpr std::size_t least_work_for_threads = 500000;

enum class Shown { not_possible, unchanged, revealed };

// A right run, against which every mistake is made.
class RightRun {
 public:
  explicit RightRun(const Problem<double>& problem) : problem_(problem) {
    Evaluator<double> run(problem);
    const Problem<float> narrow = in_float32(problem);
    Evaluator<float> single(narrow);
    for (const auto& [step, tensor] : problem.inputs) add(step, tensor, single);
    for (const Step step : problem.steps) add(step, run.get(step), single);
  }

  Shown show(const Mistake& mistake, const Observed& observed) const {
    MistakenRun run(problem_, {&mistake});
    // A layer has the steps of attention several times over; there a mistake may act from the beginning on.
    const Step first = problem_.layer ? Step{} : *std::min_element(mistake.acts_on.begin(), mistake.acts_on.end());
    for (const auto& [step, tensor] : steps_) {
      if (step < first) run.know(step, tensor);
    }
    try {
      for (const Step step : observed.steps) {
        if (step >= first && differs(step, run.shown(step), observed.without_padding) && run.applied()) return Shown::revealed;
      }
    } catch (const std::exception&) {
      return Shown::revealed;  // it would not even fit
    }
    return can_be_made(run) ? Shown::unchanged : Shown::not_possible;
  }

 private:
  bool differs(Step step, const Tensor<double>& shown, bool without_padding) const {
    if (agree(steps_.at(step), shown, tolerances_.at(step))) return false;
    if (!without_padding) return true;
    MistakenRun right_but_for_padding(problem_, mistakes_of("M17"), [&shown](Step) { return &shown; });
    for (const auto& [before, tensor] : steps_) {
      if (before < step) right_but_for_padding.know(before, tensor);
    }
    return !agree(right_but_for_padding.shown(step), shown, tolerances_.at(step));
  }

  // Where it acts on nothing that was observed, it may act elsewhere.
  bool can_be_made(MistakenRun& run) const {
    try {
      for (const Step step : problem_.steps) {
        if (run.applied()) break;
        run.shown(step);
      }
    } catch (const std::exception&) {
      return run.applied();  // it does not fit what follows
    }
    return run.applied();
  }

  void add(Step step, const Tensor<double>& tensor, Evaluator<float>& single) {
    steps_.emplace(step, tensor);
    Tolerance& tolerance = tolerances_[step] = rounding_tolerance(tensor, single.get(step));
    tolerance.equal_nan = true;
  }

  const Problem<double>& problem_;
  std::map<Step, Tensor<double>> steps_;
  std::map<Step, Tolerance> tolerances_;
};

// The rows of each id, ids in the order of their first row.
std::vector<std::vector<const Mistake*>> rows_by_id(const Problem<double>& problem) {
  std::vector<std::vector<const Mistake*>> ids;
  for (const Mistake& mistake : mistakes_in(problem)) {
    if (mistake.convention || mistake.block) continue;
    const auto same_id = [&](const std::vector<const Mistake*>& rows) { return rows.front()->id == mistake.id; };
    const auto found = std::find_if(ids.begin(), ids.end(), same_id);
    (found == ids.end() ? ids.emplace_back() : *found).push_back(&mistake);
  }
  return ids;
}

// Empty when one of the ways to make a mistake shows.
std::optional<BlindSpot> spot_of(const std::vector<const Mistake*>& rows, const RightRun& right, const Observed& observed) {
  BlindSpot spot{rows.front()->id, false};
  for (const Mistake* row : rows) {
    const Shown shown = right.show(*row, observed);
    if (shown == Shown::revealed) return std::nullopt;
    spot.applies = spot.applies || shown == Shown::unchanged;
  }
  return spot;
}

std::vector<BlindSpot> spots_in(const Problem<double>& problem, Observed observed) {
  std::sort(observed.steps.begin(), observed.steps.end());
  const RightRun right(problem);
  const std::vector<std::vector<const Mistake*>> ids = rows_by_id(problem);
  std::vector<std::optional<BlindSpot>> found(ids.size());
  const std::size_t work = cells_of(problem) * std::max<std::size_t>(problem.sizes.d_model, 1);
  for_each_piece(ids.size(), worker_count(work < least_work_for_threads ? 1 : 0, ids.size()), [&](std::size_t i, std::size_t) { found[i] = spot_of(ids[i], right, observed); });
  std::vector<BlindSpot> spots;
  for (const std::optional<BlindSpot>& spot : found) {
    if (spot) spots.push_back(*spot);
  }
  return spots;
}

}  // namespace

BlindSpots find_blind_spots(const Problem<double>& problem, const Observed& observed) {
  if (problem.layer && cells_of(problem) > most_cells_of_layer) return {{}, std::nullopt, true};
  if (problem.layer) return {spots_in(problem, observed), std::nullopt};
  if (cells_of(problem) <= most_cells) return {spots_in(problem, observed), std::nullopt};
  const Problem<double> part = cut_down(problem);
  return {spots_in(part, observed), part.sizes};
}

}  // namespace attn
