#include "verify_files.hpp"

#include "formats.hpp"
#include "memory_budget.hpp"
#include "run_tool.hpp"

#include <attn/io/source.hpp>
#include <attn/render/json.hpp>

namespace attn::tools {
namespace {

void write_json_report(const std::vector<Judged>& judged, const ReportWords& words, const OutputOptions& options) {
  render::StringOutput output;
  if (judged.size() == 1) {
    render::write_json(output, json_of(judged.front(), words));
  } else {
    render::JsonArray reports;
    for (const Judged& one : judged) reports.push_back(json_of(one, words));
    render::write_json(output, render::JsonObject{{"reports", std::move(reports)}});
  }
  write_text_result(output.text(), options);
}

}  // namespace

std::vector<ForeignTensor> read_submission(const std::string& path, Step unnamed, std::size_t max_memory) {
  MemoryBudget budget(max_memory);
  std::vector<ForeignTensor> tensors;
  for (const io::NamedArray& named : io::read_all(path, io::MemoryLimit(budget.left()))) {
    const std::string name = named.name.empty() ? std::string(name_of(unnamed)) : named.name;
    tensors.push_back({name, io::to_tensor<double>(named.array, path + ":" + name)});
    budget.charge(tensors.back().tensor.size() * sizeof(double), path);
  }
  return tensors;
}

VerifyOptions verify_options_of(const VerifyCommandOptions& o) {
  VerifyOptions options;
  if (o.rtol) options.tolerance = Tolerance{*o.rtol, *o.atol, o.equal_nan};
  options.equal_nan = o.equal_nan;
  return options;
}

int report_judged(const std::vector<Judged>& judged, const ReportWords& words, const OutputOptions& output) {
  const std::string format = chosen_format(output).name;
  if (format == "json") {
    write_json_report(judged, words, output);
  } else if (format == "text") {
    std::string text;
    if (judged.size() > 1) text = render::table_text(table_of(judged)) + "\n";
    for (const Judged& one : judged) text += text_of(one, words) + "\n";
    write_text_result(text, output);
  } else {
    write_table(judged.size() == 1 ? table_of_steps(judged.front()) : table_of(judged), "", output);
  }
  for (const Judged& one : judged) {
    if (one.verification.verdict != Verdict::match) return exit_different;
  }
  return exit_done;
}

}  // namespace attn::tools
