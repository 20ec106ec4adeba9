#include <attn/verify/layer_problem.hpp>
#include <attn/verify/mistakes.hpp>

#include <algorithm>
#include <cmath>

namespace attn {

const std::vector<Mistake>& mistake_table() {
  static const std::vector<Mistake> table = [] {
    std::vector<Mistake> rows;
    for (auto* part : {projection_mistakes, head_mistakes, score_mistakes, mask_mistakes, fill_mistakes, softmax_mistakes,
                       padding_mistakes, norm_mistakes, tolerance_mistakes}) {
      for (Mistake& mistake : part()) rows.push_back(std::move(mistake));
    }
    return rows;
  }();
  return table;
}

const std::vector<Mistake>& mistakes_in(const Problem<double>& problem) {
  static const std::vector<Mistake> of_attention = [] {
    std::vector<Mistake> rows;
    for (const Mistake& mistake : mistake_table()) {
      if (!mistake.of_layers) rows.push_back(mistake);
    }
    return rows;
  }();
  static const std::vector<Mistake> everywhere_and_alone = [] {
    std::vector<Mistake> rows = mistake_table();
    for (const Block block : {Block::self, Block::cross, Block::ffn}) {
      for (Mistake mistake : mistake_table()) {
        if (mistake.rewires) continue;
        mistake.block = block;
        rows.push_back(std::move(mistake));
      }
    }
    return rows;
  }();
  return problem.layer ? everywhere_and_alone : of_attention;
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

bool acts_at(const Mistake& mistake, Step step) {
  const std::optional<LayerPlace> place = place_of(step);
  if (mistake.block && (!place || place->block != *mistake.block)) return false;
  const bool is_result = step == layer_output();
  if (is_result && mistake.rewires) return true;
  return std::find(mistake.acts_on.begin(), mistake.acts_on.end(), is_result ? step : base_of(step)) != mistake.acts_on.end();
}

Step first_effect(const std::vector<const Mistake*>& mistakes) {
  Step first = Step::output;
  for (const Mistake* mistake : mistakes) first = std::min(first, *std::min_element(mistake->acts_on.begin(), mistake->acts_on.end()));
  return first;
}

bool change(const std::vector<const Mistake*>& mistakes, Step step) {
  return std::any_of(mistakes.begin(), mistakes.end(), [step](const Mistake* mistake) {
    return mistake->effect == Effect::computes && acts_at(*mistake, step);
  });
}

bool read_cells(const std::vector<const Mistake*>& mistakes) {
  return std::all_of(mistakes.begin(), mistakes.end(), [](const Mistake* mistake) { return mistake->reads_cells; });
}

bool are_what(const std::vector<const Mistake*>& mistakes, const Tensor<double>& shown, const TensorView& theirs, const Tolerance& tolerance) {
  if (agree(shown, theirs, tolerance)) return true;
  double digit = 0, largest = 0;
  for (const Mistake* mistake : mistakes) {
    // Of two that act on one step the first alone is made there.
    const bool is_made = std::none_of(mistakes.begin(), mistakes.end(), [&](const Mistake* other) {
      return other != mistake && std::any_of(mistake->acts_on.begin(), mistake->acts_on.end(), [&](Step step) { return acts_at(*other, step); });
    });
    if (is_made) digit = std::max(digit, mistake->last_digit);
  }
  if (digit == 0 || shape_of(shown) != theirs.shape()) return false;
  for (const double value : shown.storage()) largest = std::max(largest, std::abs(value));
  const Difference found = compare(shown, theirs, tolerance);
  // A score that is carried to its next digit moves its weight by some of these, and its row with it.
  return found.nonfinite == 0 && found.mismatched * 200 <= found.total && found.max_abs <= 16 * digit * largest;
}

std::optional<Tensor<double>> MistakenRun::mistaken(Step step, Effect effect) {
  if (problem().layer && !place_of(step) && step != layer_output()) return std::nullopt;  // what a layer is given
  for (const Mistake* mistake : mistakes_) {
    if (mistake->effect != effect || !acts_at(*mistake, step)) continue;
    const Tensor<double>* target = theirs_ ? theirs_(step) : nullptr;
    const std::optional<LayerPlace> place = place_of(step);
    if (auto tensor = place ? apply_in_block(*mistake, *place, step, target) : mistake->apply(*this, step, target)) {
      applied_ = true;
      return tensor;
    }
  }
  return std::nullopt;
}

// A mistake sees the part of the layer that the step belongs to, as if it were a run of its own.
std::optional<Tensor<double>> MistakenRun::apply_in_block(const Mistake& mistake, LayerPlace place, Step step, const Tensor<double>* theirs) {
  PartOfLayer<double> part(*this, place);
  return mistake.apply(part, base_of(step), theirs);
}

void MistakenRun::know_before_mistakes(const std::map<Step, Tensor<double>>& right) {
  if (problem().layer) return;
  const Step first = first_effect(mistakes_);
  for (const auto& [step, tensor] : right) {
    if (step < first) know(step, tensor);
  }
}

Tensor<double> MistakenRun::produce(Step step) {
  if (auto tensor = mistaken(step, Effect::computes)) return std::move(*tensor);
  return compute(step);
}

bool MistakenRun::replaces_input(Step step) const {
  if (problem().layer && !place_of(step)) return false;
  return change(mistakes_, step);
}

const Tensor<double>& MistakenRun::shown(Step step) {
  if (auto tensor = mistaken(step, Effect::shows)) return picture_ = std::move(*tensor);
  return get(step);
}

}  // namespace attn
