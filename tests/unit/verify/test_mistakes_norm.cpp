// Each mistake of a layer is made by an independent program of plain loops, handed in as somebody's tensors, and
// must be named, at the right step, with all steps and with the output alone; right runs must pass.
#include "verify/layer_cases.hpp"

#include <attn/verify/mistakes.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

using namespace attn;

namespace {

using Array = Tensor<double>;

struct NormRule {
  bool rms = false, outside = false;
  double eps = 1e-5, less = 0, gain_plus = 0;
  bool gain = true, shift = true;
  char axis = 'e';
};

// One normalisation by nested loops over an explicit list of cells that share statistics.
Array normalise(const Array& x, const NormWeights<double>& w, const NormRule& rule) {
  const std::size_t batch = x.shape(0), length = x.shape(1), width = x.shape(2);
  const auto same_group = [&](std::size_t b1, std::size_t l1, std::size_t e1, std::size_t b2, std::size_t l2, std::size_t e2) {
    if (rule.axis == 'l') return b1 == b2 && e1 == e2;
    if (rule.axis == 'b') return l1 == l2 && e1 == e2;
    if (rule.axis == '*') return true;
    return b1 == b2 && l1 == l2;
  };
  Array result = x;
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t l = 0; l < length; ++l) {
      for (std::size_t e = 0; e < width; ++e) {
        std::vector<double> group;
        for (std::size_t b2 = 0; b2 < batch; ++b2) {
          for (std::size_t l2 = 0; l2 < length; ++l2) {
            for (std::size_t e2 = 0; e2 < width; ++e2) {
              if (same_group(b, l, e, b2, l2, e2)) group.push_back(x(b2, l2, e2));
            }
          }
        }
        double mean = 0, spread = 0;
        for (const double value : group) mean += value / static_cast<double>(group.size());
        if (rule.rms) mean = 0;
        for (const double value : group) spread += (value - mean) * (value - mean) / (static_cast<double>(group.size()) - rule.less);
        const double root = rule.outside ? std::sqrt(spread) + rule.eps : std::sqrt(spread + rule.eps);
        const double gain = rule.gain ? (*w.gamma)(e) + rule.gain_plus : 1;
        result(b, l, e) = (x(b, l, e) - mean) / root * gain + (rule.shift ? (*w.beta)(e) : 0);
      }
    }
  }
  return result;
}

Array plus(const Array& a, const Array& b, double times = 1) {
  Array sum = b;
  for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += times * a.data()[i];
  return sum;
}

// What a program does at the norms and residuals: which rule, how often the input is added, from where.
struct Program {
  NormRule norm;
  bool pre = false;
  double times = 1;
  bool from_normalised = false;
  int only_block = -1;  // the mistake is made in this block alone
};

std::map<std::string, Array> run_program(const layers::Case& c, const Program& wrong, const Program& right) {
  std::map<std::string, Array> steps;
  Array x = c.inputs.x;
  const char* names[] = {"self", "cross", "ffn"};
  for (int block = 0; block < 3; ++block) {
    const Program& program = wrong.only_block < 0 || wrong.only_block == block ? wrong : right;
    const std::string path = std::string(names[block]) + ".";
    const NormWeights<double>& w = block == 0 ? c.weights.self.norm : block == 1 ? c.weights.cross->norm : c.weights.ffn.norm;
    const auto norm_of = [&](const Array& rows) { return normalise(rows, w, program.norm); };
    const Array read = program.pre ? norm_of(x) : x;
    if (program.pre) steps[path + "norm"] = read;
    Array y;
    if (block == 2) {
      const auto maps = feed_forward(read, c.weights.ffn.maps, Activation::relu);
      steps["ffn_up"] = maps.up;
      steps["ffn_output"] = y = maps.output;
    } else {
      const auto& attention = block == 0 ? c.weights.self.attention : c.weights.cross->attention;
      MultiheadInputs<double> inputs{read};
      if (block == 1) inputs.memory = c.inputs.memory;
      const auto done = multihead<double>(std::move(inputs), attention, block == 0 ? c.options.self : c.options.cross);
      steps[path + "q_proj"] = *done.q_proj;
      steps[path + "weights"] = done.attention.softmax.weights;
      steps[path + "output"] = y = done.output;
    }
    const Array added = program.from_normalised ? (program.pre ? read : norm_of(x)) : x;
    const Array sum = plus(added, y, program.times);
    steps[path + "residual"] = sum;
    x = program.pre ? sum : norm_of(sum);
    if (!program.pre) steps[path + "norm"] = x;
  }
  steps["output"] = x;
  return steps;
}

Verification judge(const Problem<double>& problem, const std::map<std::string, Array>& steps, bool output_only) {
  std::vector<ForeignTensor> theirs;
  for (const auto& [name, tensor] : steps) {
    if (!output_only || name == "output") theirs.push_back({name, tensor});
  }
  std::map<Step, Shape> shapes;
  for (const auto& [step, tensor] : run_problem(problem)) shapes[step] = shape_of(tensor);
  return verify(problem, align(std::move(theirs), shapes, {}), {});
}

bool names(const Verification& found, const std::string& id) {
  return std::any_of(found.diagnosis.begin(), found.diagnosis.end(), [&](const Diagnosis& d) { return d.id == id; });
}

struct Planted {
  const char* id;
  const char* first;  // the step that must be blamed
  std::function<void(Program&)> make;
};

std::vector<Planted> planted(bool rms) {
  const char* norm = "self.norm";
  std::vector<Planted> all = {
      {"L2", norm, [](Program& p) { p.norm.eps = 1e-3; }},
      {"L2", norm, [](Program& p) { p.norm.outside = true; p.norm.eps = 1e-3; }},
      {"L3", norm, [](Program& p) { p.norm.axis = 'l'; }},
      {"L3", norm, [](Program& p) { p.norm.axis = 'b'; }},
      {"L3", norm, [](Program& p) { p.norm.axis = '*'; }},
      {"L4", "self.q_proj", [](Program& p) { p.pre = !p.pre; }},
      {"L5", "self.residual", [](Program& p) { p.times = 0; }},
      {"L5", "self.residual", [](Program& p) { p.times = 2; }},
      {"L5", "self.residual", [](Program& p) { p.from_normalised = true; }},
      {"L6", norm, [](Program& p) { p.norm.gain = p.norm.shift = false; }},
      {"L6", norm, [](Program& p) { p.norm.shift = false; }},
      {"L6", norm, [](Program& p) { p.norm.gain_plus = 1; }},
      {"L6", norm, [](Program& p) { p.norm.rms = !p.norm.rms; }},
  };
  if (!rms) all.push_back({"L1", norm, [](Program& p) { p.norm.less = 1; }});
  return all;
}

}  // namespace

TEST_CASE("each mistake is named at its step with all steps, and from the output alone") {
  for (const bool pre : {false, true}) {
    for (const bool rms : {false, true}) {
      auto c = layers::decoder(pre ? NormPlacement::pre : NormPlacement::post, rms ? NormKind::rms : NormKind::layer);
      c.options.norm.eps = 1e-2;
      const Problem<double> problem = layers::problem_of(c);
      Program right;
      right.pre = pre;
      right.norm.rms = rms;
      right.norm.eps = 1e-2;
      CHECK(judge(problem, run_program(c, right, right), false).verdict == Verdict::match);
      for (const Planted& mistake : planted(rms)) {
        Program wrong = right;
        mistake.make(wrong);
        if (wrong.norm.outside) wrong.norm.eps = 1e-2;
        CAPTURE(mistake.id);
        CAPTURE(pre);
        CAPTURE(rms);
        const auto steps = run_program(c, wrong, right);
        const Verification found = judge(problem, steps, false);
        REQUIRE(found.verdict == Verdict::mismatch);
        const std::string first(name_of(*found.first_divergent_step));
        // A norm that was moved is seen where its block first reads something else.
        if (std::string(mistake.id) == "L4") {
          CHECK((first == "self.norm" || first == "self.q_proj"));
        } else {
          CHECK(first == mistake.first);
        }
        CHECK(names(found, mistake.id));
        const Verification blind = judge(problem, steps, true);
        CHECK(blind.verdict == Verdict::mismatch);
        CHECK(names(blind, mistake.id));
      }
    }
  }
}

TEST_CASE("a mistake in one block alone is blamed on that block") {
  auto c = layers::decoder(NormPlacement::post);
  const Problem<double> problem = layers::problem_of(c);
  Program right, wrong;
  wrong.norm.less = 1;
  wrong.only_block = 1;
  const Verification found = judge(problem, run_program(c, wrong, right), false);
  REQUIRE(found.first_divergent_step);
  CHECK(name_of(*found.first_divergent_step) == "cross.norm");
  CHECK(names(found, "L1"));
  CHECK(names(judge(problem, run_program(c, wrong, right), true), "L1"));
}

TEST_CASE("a mistake of attention inside a layer is named too, in both attentions or in one") {
  auto c = layers::decoder(NormPlacement::post);
  const Problem<double> problem = layers::problem_of(c);
  auto unscaled = c;
  unscaled.options.cross.attention.scale = 1.0;
  Program right;
  const Verification one = judge(problem, run_program(unscaled, right, right), false);
  REQUIRE(one.first_divergent_step);
  CHECK(name_of(*one.first_divergent_step) == "cross.weights");
  CHECK(names(one, "C2"));
  unscaled.options.self.attention.scale = 1.0;
  const Verification both = judge(problem, run_program(unscaled, right, right), true);
  CHECK(names(both, "C2"));
}

TEST_CASE("a right run passes, and says which mistakes a gain of one and a shift of zero cannot show") {
  auto c = layers::decoder(NormPlacement::post);
  for (NormWeights<double>* norm : {&c.weights.self.norm, &c.weights.cross->norm, &c.weights.ffn.norm}) {
    norm->gamma = filled<double>({6}, 1);
    norm->beta = filled<double>({6}, 0);
  }
  const Problem<double> problem = layers::problem_of(c);
  Program right;
  const Verification found = judge(problem, run_program(c, right, right), false);
  CHECK(found.verdict == Verdict::match);
  CHECK(found.diagnosis.empty());
}

TEST_CASE("a mistake of layers cannot be made in attention alone") {
  for (const Mistake& mistake : norm_mistakes()) CHECK(mistake.of_layers);
  Problem<double> attention;
  for (const Mistake& mistake : mistakes_in(attention)) CHECK_FALSE(mistake.of_layers);
}
