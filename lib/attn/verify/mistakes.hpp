// The catalogue of mistakes as computations: what a program does that makes one of them. The same rows
// run a computation wrong on purpose (--mistake) and explain somebody else's numbers (--verify).
//
// What a mistake looks like to people (title, symptom, fix) is text, in lib/attn/lessons.
#pragma once

#include <attn/verify/compare.hpp>
#include <attn/verify/problem.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace attn {

/// Whether what follows a mistaken step is computed from the mistaken tensor, or only the tensor that is
/// shown is wrong (a transposed plot, a map averaged over heads).
enum class Effect { computes, shows };

/// The mistaken tensor of a step; empty when the mistake cannot be made in this run or at this step.
/// `theirs`, when there is one, is the tensor to explain: a mistake with a free number (a sentinel, a
/// dropout rate) reads the number off it.
using Mistaken = std::function<std::optional<Tensor<double>>(Evaluator<double>& run, Step step, const Tensor<double>* theirs)>;

struct Mistake {
  std::string id;             ///< "C1"
  std::string variant;        ///< which of several ways: "key mask ignored"
  std::vector<Step> acts_on;  ///< the steps it computes differently, in order
  Mistaken apply;
  Effect effect = Effect::computes;
  /// Another convention rather than an error, as long as the results agree.
  bool convention = false;
  /// Has a free number that fits whatever a more definite mistake fits: the last resort.
  bool fitted = false;
  /// What it reads off theirs concerns every cell by itself: it may be read of any part of a tensor. False: a number that
  /// is the same in the whole, or nothing.
  bool reads_cells = false;
  /// Of a tensor that keeps few digits, the last of them, relative to the number: float32 rounding of what it is made from
  /// carries single cells to the next one. 0: it keeps all digits.
  double last_digit = 0;
  /// About the parts of a layer around attention; cannot be made elsewhere.
  bool of_layers = false;
  /// Wires a layer differently, so that it cannot be made in one block alone.
  bool rewires = false;
  /// Made in this block of a layer only; empty: in every block.
  std::optional<Block> block = {};
};

/// All rows, by what they are about; several rows may share an id.
const std::vector<Mistake>& mistake_table();

/// The rows that may be made in this problem: for attention, those that are about it; for a layer all of
/// them, each in every block and then in each block alone.
const std::vector<Mistake>& mistakes_in(const Problem<double>& problem);

/// The rows of an id, in order; empty for an unknown id.
std::vector<const Mistake*> mistakes_of(const std::string& id);

/// Whether a mistake computes this step, or its picture, differently.
bool acts_at(const Mistake& mistake, Step step);

/// The first step that one of these mistakes computes, or shows, differently.
Step first_effect(const std::vector<const Mistake*>& mistakes);

/// Whether what is computed with is another tensor of this step where one of these mistakes is made.
bool change(const std::vector<const Mistake*>& mistakes, Step step);

/// Whether what these mistakes read off theirs is of every cell by itself.
bool read_cells(const std::vector<const Mistake*>& mistakes);

/// Whether theirs are what a run with these mistakes shows: within the tolerance, but for single cells, one of two hundred
/// at most, where a mistake keeps few digits.
bool are_what(const std::vector<const Mistake*>& mistakes, const Tensor<double>& shown, const TensorView& theirs, const Tolerance& tolerance);

/// Their tensor of a step, or nullptr; it has to last until the next call.
using TheirTensor = std::function<const Tensor<double>*(Step)>;

/// A run in which mistakes are made.
class MistakenRun : public Evaluator<double> {
 public:
  MistakenRun(const Problem<double>& problem, std::vector<const Mistake*> mistakes,
              const std::map<Step, Tensor<double>>* theirs = nullptr);
  MistakenRun(const Problem<double>& problem, std::vector<const Mistake*> mistakes, TheirTensor theirs)
      : Evaluator(problem), mistakes_(std::move(mistakes)), theirs_(std::move(theirs)) {}

  /// Uses the tensors of a right run for the steps before any of the mistakes acts; they must outlive this run. The blocks
  /// of a layer have the steps of attention several times over: there everything is computed.
  void know_before_mistakes(const std::map<Step, Tensor<double>>& right);

  /// What this run shows for the step: its tensor, or a wrong picture of it, which lasts until the next call.
  const Tensor<double>& shown(Step step);

  /// Whether a mistake changed anything that was computed so far.
  bool applied() const { return applied_; }

  const std::vector<const Mistake*>& mistakes() const { return mistakes_; }

 protected:
  Tensor<double> produce(Step step) override;
  bool replaces_input(Step step) const override;

 private:
  std::optional<Tensor<double>> mistaken(Step step, Effect effect);
  std::optional<Tensor<double>> apply_in_block(const Mistake& mistake, LayerPlace place, Step step, const Tensor<double>* theirs);

  std::vector<const Mistake*> mistakes_;
  TheirTensor theirs_;
  Tensor<double> picture_;
  bool applied_ = false;
};

// The parts of the table, by what they are about.
std::vector<Mistake> projection_mistakes();
std::vector<Mistake> head_mistakes();
std::vector<Mistake> score_mistakes();
std::vector<Mistake> mask_mistakes();
std::vector<Mistake> fill_mistakes();
std::vector<Mistake> softmax_mistakes();
std::vector<Mistake> padding_mistakes();
std::vector<Mistake> norm_mistakes();
std::vector<Mistake> tolerance_mistakes();

}  // namespace attn
