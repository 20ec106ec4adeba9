#include "gradient_verify.hpp"

#include "../common/formats.hpp"
#include "../common/page_width.hpp"
#include "../common/verify_files.hpp"

#include <attn/grad/verification.hpp>
#include <attn/gradient_steps.hpp>

#include <utility>

namespace attn::tools {

int verify_gradient_files(const AttentionCommand& command, const Sizes& sizes, const Problem<double>& problem, const Tensor<double>& upstream) {
  const std::vector<Gradient> gradients = backward(problem, upstream);
  const std::map<Step, Shape> shapes = gradient_shapes(gradients);
  const bool keeps_theirs = chosen_format(command.output).name == "html";  // only a page shows them
  const std::vector<Judged> files = judge_files(command.verify, [&](const std::string& file) {
    std::vector<ForeignTensor> tensors = read_submission(file, gradient_of(problem.inputs.begin()->first), command.run.max_memory);
    Judged one{file, with_maps_turned(align(std::move(tensors), shapes, command.verify.map), gradients), {}, {}, {}};
    one.verification = verify_gradients(problem, upstream, one.theirs, verify_options_of(command.verify));
    if (!keeps_theirs) one.theirs.tensors.clear();
    return one;
  });
  ReportWords words;
  words.language = command.output.language;
  words.has_cells = false;
  words.values = [](const Diagnosis&) { return lessons::Placeholders(); };
  words.unexplained = [given = gradient_of(last_step(problem))](Step step) { return step == given ? "other_upstream" : "no_catalogue"; };
  words.ours = [&gradients]() {
    std::map<Step, Tensor<double>> ours;
    for (const Gradient& gradient : gradients) ours.emplace(gradient_of(gradient.of), gradient.value);
    return ours;
  };
  words.sizes = sizes;
  words.color = wants_colour(command.output);
  words.width = page_width(command.output);
  return report_judged(files, words, command.output);
}

}  // namespace attn::tools
