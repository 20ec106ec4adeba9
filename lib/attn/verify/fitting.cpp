#include <attn/verify/fitting.hpp>
#include <attn/verify/padding.hpp>
#include <attn/workers.hpp>

#include <algorithm>
#include <exception>
#include <optional>

namespace attn {
namespace {

using Mistakes = std::vector<const Mistake*>;

// Cells evaluated when mistakes are tried in pairs; beyond this only single mistakes are tried.
constexpr double most_cells_for_pairs = 2e8;

// Whether a mistake that acts on this step can change the one to explain: it is that, or before it where theirs is not
// known, or what they were given.
bool leads_to(const Divergence& d, const Mistake& mistake, Step acting) {
  if (acting >= d.step) return acting == d.step;
  if (mistake.effect != Effect::computes) return false;
  if (!is_known(d, acting)) return true;
  const auto known = [&](Step read) { return is_known(d, read); };
  return was_given(d.verdicts, d.problem, acting) && is_computed_from(d.problem, d.step, acting, known);
}

// A layer has the steps of attention several times over: there any mistake may act on the way.
bool reaches(const Divergence& d, const Mistake& mistake) {
  return d.problem.layer || std::any_of(mistake.acts_on.begin(), mistake.acts_on.end(), [&](Step acting) { return leads_to(d, mistake, acting); });
}

bool reaches_by_itself(const Divergence& d, const Mistake& mistake) {
  return !d.problem.layer && std::all_of(mistake.acts_on.begin(), mistake.acts_on.end(), [&](Step acting) { return acting == d.step || !leads_to(d, mistake, acting); });
}

bool pairable(const Divergence& d, const Mistake& mistake) {
  return mistake.effect == Effect::computes && !mistake.convention && !mistake.block && reaches(d, mistake);
}

bool hide_each_other(const Divergence& d, const Mistake& a, const Mistake& b) { return reaches_by_itself(d, a) && reaches_by_itself(d, b); }

// Whether these mistakes would have changed an earlier step of theirs that is as it should be.
bool contradicts_earlier(const Divergence& d, const Mistakes& mistakes) {
  MistakenRun run(d.problem, mistakes, &d.theirs);
  run.know_before_mistakes(d.ours);
  for (const auto& [step, tensor] : d.theirs) {
    if (run.knows(step)) continue;
    // What was given is shown as it was given.
    if (step >= d.step || !d.tolerances.count(step) || (!d.problem.layer && d.problem.inputs.count(step) > 0)) continue;
    Tolerance tolerance = d.tolerances.at(step);
    const StepVerdict* const verdict = verdict_on(d.verdicts, step);
    const bool in_padding_alone = verdict && verdict->in_padding_alone;
    if (!in_padding_alone && compare(d.ours.at(step), tensor, tolerance).status != Status::match) continue;
    tolerance.atol *= 4;
    try {
      std::optional<Tensor<double>> room;
      const Tensor<double>& shown = counting(d, step, run.shown(step), room);
      const auto what_counts = in_padding_alone ? compare_what_counts(d.problem, step, shown, tensor, tolerance) : std::nullopt;
      if (what_counts ? !what_counts->passes() : compare(shown, tensor, tolerance).status != Status::match) return true;
    } catch (const std::exception&) {
      return true;
    }
  }
  return false;
}

// Cells of padding give themselves: what theirs compute from them says nothing.
std::optional<Fit> fit_of_padding(const Divergence& d, const Mistakes& mistakes) {
  const StepVerdict* const verdict = verdict_on(d.verdicts, d.step);
  if (!verdict || !verdict->in_padding_alone) return std::nullopt;
  const Tensor<double>& theirs = d.theirs.at(d.step);
  const double residual = compare_what_counts(d.problem, d.step, d.ours.at(d.step), theirs, {0, 0, true})->finish().max_abs;
  return Fit{mistakes, residual, !any_differs_after(d.verdicts, d.step)};
}

}  // namespace

Fitting::Fitting(const Divergence& divergence) : divergence_(divergence), difference_(first_difference(divergence)), moved_(divergence.problem) {}

std::vector<Fit> Fitting::singles() {
  std::vector<Mistakes> candidates;
  for (const Mistake& mistake : mistakes_in(divergence_.problem)) {
    if (reaches(divergence_, mistake)) candidates.push_back({&mistake});
  }
  return fits_of(candidates);
}

std::vector<Fit> Fitting::pairs() { return pairs_are_too_many() ? std::vector<Fit>{} : fits_of(candidate_pairs()); }

bool Fitting::pairs_left_out() const { return pairs_are_too_many() && !candidate_pairs().empty(); }

bool Fitting::pairs_are_too_many() const {
  const auto& rows = mistakes_in(divergence_.problem);
  const auto count = static_cast<double>(std::count_if(rows.begin(), rows.end(), [this](const Mistake& mistake) { return pairable(divergence_, mistake); }));
  return static_cast<double>(cells_of(divergence_.problem)) * count * count / 2 > most_cells_for_pairs;
}

std::vector<Mistakes> Fitting::candidate_pairs() const {
  std::vector<Mistakes> pairs;
  for (std::size_t a = 0; a < changing_.size(); ++a) {
    for (std::size_t b = a + 1; b < changing_.size(); ++b) {
      const Mistake &first = *changing_[a], &second = *changing_[b];
      if (first.id != second.id && !hide_each_other(divergence_, first, second)) pairs.push_back({&first, &second});
    }
  }
  return pairs;
}

std::vector<Fit> Fitting::fits_of(const std::vector<Mistakes>& candidates) {
  std::vector<std::optional<Fit>> fits(candidates.size());
  std::vector<char> changing(candidates.size());  // threads write side by side
  const std::size_t workers = worker_count(cells_of(divergence_.problem) < fewest_cells_for_threads ? 1 : 0, candidates.size());
  for_each_piece(candidates.size(), workers, [&](std::size_t i, std::size_t) {
    if (read_cells(candidates[i])) {
      fits[i] = fit_of_padding(divergence_, candidates[i]);
      return;
    }
    Hypothesis hypothesis(divergence_, candidates[i], difference_, moved_);
    changing[i] = hypothesis.shown(divergence_.step) != nullptr ? 1 : 0;
    const std::optional<double> residual = hypothesis.residual(divergence_.step, divergence_.tolerance);
    if (residual && !contradicts_earlier(divergence_, candidates[i])) fits[i] = {candidates[i], *residual, hypothesis.gives_the_rest()};
  });
  std::vector<Fit> found;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (fits[i]) found.push_back(std::move(*fits[i]));
    const Mistakes& made = candidates[i];
    if (changing[i] != 0 && made.size() == 1 && pairable(divergence_, *made.front())) changing_.push_back(made.front());
  }
  return found;
}

bool keeps_result(const Divergence& d, const Mistake& mistake) {
  const auto& [last, right] = *d.ours.rbegin();
  const auto found = d.tolerances.find(last);
  Tolerance tolerance = found != d.tolerances.end() ? found->second : Tolerance{1.3e-6, 1e-6, true};
  tolerance.equal_nan = true;
  try {
    MistakenRun run(d.problem, {&mistake}, &d.theirs);
    return compare(right, run.get(last), tolerance).status == Status::match;
  } catch (const std::exception&) {
    return false;  // the mistake gives shapes that cannot go on
  }
}

}  // namespace attn
