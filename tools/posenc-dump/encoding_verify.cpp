#include "encoding_verify.hpp"

#include "../common/verify_files.hpp"
#include "../common/verify_words.hpp"

#include <attn/error.hpp>

namespace attn::tools {

void check_encoding_verify(const VerifyCommandOptions& verify, Precision dtype, const PictureOptions& picture, const std::vector<std::string>& ids) {
  check_verify_options(verify, dtype, [&ids] { return ids; });
  if (verify.files.empty()) return;
  if (!picture.file.empty() || picture.heatmap || picture.curves) {
    throw UsageError("--verify", "judges numbers and draws nothing; leave out --plot, --heatmap and --curves");
  }
}

void add_mistakes(ArrayReport& report, const VerifyCommandOptions& verify, const OutputOptions& output) {
  if (verify.mistakes.empty()) return;
  report.document.introduction = mistakes_made(verify.mistakes, output.language);
  report.document.closing.clear();
  for (render::Section& section : report.document.sections) {
    section.notes.clear();
    section.formula = section.latex = section.instance = "";
  }
  render::JsonArray ids;
  for (const std::string& id : verify.mistakes) ids.emplace_back(id);
  report.header.emplace_back("mistakes", std::move(ids));
}

int verify_encoding_files(const VerifyCommandOptions& verify, const posenc::EncodingRun& run, const EncodingReport& report) {
  if (report.output.as_script) throw UsageError("--verify", "judges numbers; --format gnuplot draws them");
  std::map<Step, Shape> shapes;
  for (const posenc::EncodingStep& step : run.steps) shapes[step.step] = shape_of(step.ours);
  const std::vector<Judged> judged = judge_files(verify, [&](const std::string& file) {
    Judged one{file, align(read_submission(file, report.unnamed, report.max_memory), shapes, verify.map), {}, {}, {}};
    one.verification = posenc::verify_encoding(run, one.theirs, verify_options_of(verify));
    keep_for_report(one, report.output);
    return one;
  });
  ReportWords words = report_words(report.output, {});
  words.has_cells = report.has_cells;
  words.hint = verify.hint;
  words.values = [&report](const Diagnosis& diagnosis) {
    lessons::Placeholders values = values_of(report.output, report.sizes, diagnosis.variant, diagnosis.expected);
    values["step"] = std::string(name_of(diagnosis.step));
    return values;
  };
  words.ours = [&run]() {
    std::map<Step, Tensor<double>> ours;
    for (const posenc::EncodingStep& step : run.steps) ours.emplace(step.step, step.ours);
    return ours;
  };
  return report_judged(judged, words, report.output);
}

}  // namespace attn::tools
