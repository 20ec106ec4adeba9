#include "transformer_verify.hpp"

#include "../common/verify_files.hpp"
#include "verify_values.hpp"

#include <attn/path_steps.hpp>

#include <utility>

namespace attn::tools {
namespace {

// What the sentences about a mistake read off their tensors; of a step outside of the layers they read nothing.
lessons::Placeholders measured(const ModelRun& run, const Diagnosis& diagnosis, const Submission& theirs) {
  if (!is_in_layer(run, diagnosis.step)) return {};
  Diagnosis in_layer = diagnosis;
  in_layer.step = without_path(diagnosis.step);
  return values_measured(problem_of_layer(run, diagnosis.step), in_layer, submission_of_layer(theirs, diagnosis.step));
}

}  // namespace

int verify_model_files(const ModelVerification& command, const Sizes& sizes, const ModelRun& run) {
  const std::map<Step, Shape> shapes = shapes_of(run);
  const Step result = run.steps.logits ? Step::logits : under_path(path_of_stack(run.steps.decoder ? Stack::decoder : Stack::encoder), Step::output);
  const std::vector<Judged> files = judge_files(command.verify, [&](const std::string& file) {
    Judged one{file, align(read_submission(file, result, command.max_memory), shapes, command.verify.map), {}, {}, {}};
    one.verification = verify_model(run, one.theirs, verify_options_of(command.verify));
    for (const Diagnosis& diagnosis : one.verification.diagnosis) one.measured.emplace(diagnosis.id, measured(run, diagnosis, one.theirs));
    keep_for_report(one, command.output);
    return one;
  });
  ReportWords words = report_words(command.output, sizes);
  words.values = [&](const Diagnosis& diagnosis) {
    if (!is_in_layer(run, diagnosis.step)) return lessons::Placeholders();
    Diagnosis in_layer = diagnosis;
    in_layer.step = without_path(diagnosis.step);
    return values_of_run(problem_of_layer(run, diagnosis.step), in_layer, command.output.language);
  };
  words.has_cells = false;
  words.unexplained = [&run](Step step) { return is_in_layer(run, step) ? "unknown" : "outside_layers"; };
  words.ours = [&run]() { return tensors_of(run); };
  return report_judged(files, words, command.output);
}

}  // namespace attn::tools
