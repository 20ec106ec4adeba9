#include <attn/verify/mistakes.hpp>

#include <algorithm>

namespace attn {

const std::vector<Mistake>& mistake_table() {
  static const std::vector<Mistake> table = [] {
    std::vector<Mistake> rows;
    for (auto* part : {projection_mistakes, head_mistakes, score_mistakes, mask_mistakes, fill_mistakes, softmax_mistakes, tolerance_mistakes}) {
      for (Mistake& mistake : part()) rows.push_back(std::move(mistake));
    }
    return rows;
  }();
  return table;
}

std::vector<const Mistake*> mistakes_of(const std::string& id) {
  std::vector<const Mistake*> rows;
  for (const Mistake& mistake : mistake_table()) {
    if (mistake.id == id) rows.push_back(&mistake);
  }
  return rows;
}

MistakenRun::MistakenRun(const Problem<double>& problem, std::vector<const Mistake*> mistakes,
                         const std::map<Step, Tensor<double>>* theirs)
    : Evaluator(problem), mistakes_(std::move(mistakes)) {
  if (!theirs) return;
  theirs_ = [theirs](Step step) {
    const auto found = theirs->find(step);
    return found == theirs->end() ? nullptr : &found->second;
  };
}

std::optional<Tensor<double>> MistakenRun::mistaken(Step step, Effect effect) {
  for (const Mistake* mistake : mistakes_) {
    const bool here = std::find(mistake->acts_on.begin(), mistake->acts_on.end(), step) != mistake->acts_on.end();
    if (!here || mistake->effect != effect) continue;
    if (auto tensor = mistake->apply(*this, step, theirs_ ? theirs_(step) : nullptr)) {
      applied_ = true;
      return tensor;
    }
  }
  return std::nullopt;
}

Tensor<double> MistakenRun::produce(Step step) {
  if (auto tensor = mistaken(step, Effect::computes)) return std::move(*tensor);
  return compute(step);
}

bool MistakenRun::replaces_input(Step step) const {
  return std::any_of(mistakes_.begin(), mistakes_.end(), [step](const Mistake* mistake) {
    return mistake->effect == Effect::computes &&
           std::find(mistake->acts_on.begin(), mistake->acts_on.end(), step) != mistake->acts_on.end();
  });
}

const Tensor<double>& MistakenRun::shown(Step step) {
  if (auto tensor = mistaken(step, Effect::shows)) return picture_ = std::move(*tensor);
  return get(step);
}

}  // namespace attn
