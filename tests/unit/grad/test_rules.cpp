// What a single step sends back, in a run of its own.
#include "verify/cases.hpp"
#include "verify/layer_cases.hpp"

#include <attn/grad/rules.hpp>

#include <doctest/doctest.h>

#include <map>

using namespace attn;
using loops::problem_of;

namespace {

// Keeps what was sent instead of adding it up.
class Kept : public PartOfBackward {
 public:
  explicit Kept(const Problem<double>& problem) : problem_(problem), run_(problem) {}
  const Problem<double>& problem() const override { return problem_; }
  const Tensor<double>& get(Step step) override { return run_.get(step); }
  const LayerProblem<double>& layer() const override { return *problem_.layer; }
  Block block() const override { return Block::self; }
  void send(Step operand, Tensor<double> gradient, Step term) override {
    sent.emplace(operand, std::move(gradient));
    terms.emplace(operand, term);
  }

  std::map<Step, Tensor<double>> sent;
  std::map<Step, Step> terms;

 private:
  const Problem<double>& problem_;
  Evaluator<double> run_;
};

}  // namespace

TEST_CASE("a step sends to everything that it reads, parameters included, in the shape of each") {
  const Problem<double> problem = problem_of(loops::cross());
  Kept part(problem);
  send_back(part, Step::k_proj, part.get(Step::k_proj));
  CHECK(part.sent.size() == 3);
  CHECK(shape_of(part.sent.at(Step::memory)) == shape_of(part.get(Step::memory)));
  CHECK(shape_of(part.sent.at(Step::w_k)) == shape_of(*problem.weights->w_k));
  CHECK(shape_of(part.sent.at(Step::b_k)) == shape_of(*problem.weights->b_k));
}

TEST_CASE("in self-attention the keys send to the input, under the term of the memory") {
  const Problem<double> problem = problem_of(loops::square());
  Kept part(problem);
  send_back(part, Step::k_proj, part.get(Step::k_proj));
  CHECK(part.terms.at(Step::x) == Step::memory);
}

TEST_CASE("the mask and what only explains send nothing") {
  const Problem<double> problem = problem_of(loops::causal());
  Kept part(problem);
  for (const Step step : {Step::mask, Step::row_max, Step::exp, Step::weights_averaged}) send_back(part, step, filled<double>({1}, 1));
  CHECK(part.sent.empty());
}
