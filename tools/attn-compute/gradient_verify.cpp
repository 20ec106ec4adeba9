#include "gradient_verify.hpp"

#include "../common/verify_files.hpp"

#include <attn/grad/verification.hpp>
#include <attn/gradient_steps.hpp>
#include <attn/verify/gradient_names.hpp>

#include <utility>

namespace attn::tools {

int verify_gradient_files(const AttentionCommand& command, const Sizes& sizes, const Problem<double>& problem, const Tensor<double>& upstream) {
  const std::vector<Gradient> gradients = backward(problem, upstream);
  const std::map<Step, Shape> shapes = gradient_shapes(gradients);
  const std::vector<Judged> files = judge_files(command.verify, [&](const std::string& file) {
    std::vector<ForeignTensor> tensors = read_submission(file, gradient_of(problem.inputs.begin()->first), command.run.max_memory);
    Judged one{file, with_maps_turned(align(with_packed_maps_apart(std::move(tensors), command.verify.map), shapes, command.verify.map), gradients), {}, {}, {}};
    one.verification = verify_gradients(problem, upstream, one.theirs, verify_options_of(command.verify));
    keep_for_report(one, command.output);
    return one;
  });
  ReportWords words = report_words(command.output, sizes);
  words.has_cells = false;
  words.values = [](const Diagnosis&) { return lessons::Placeholders(); };
  words.unexplained = [given = gradient_of(last_step(problem))](Step step) { return step == given ? "other_upstream" : "no_catalogue"; };
  words.ours = [&gradients]() {
    std::map<Step, Tensor<double>> ours;
    for (const Gradient& gradient : gradients) ours.emplace(gradient_of(gradient.of), gradient.value);
    return ours;
  };
  return report_judged(files, words, command.output);
}

}  // namespace attn::tools
