#include "verify_files.hpp"

#include "formats.hpp"
#include "memory_budget.hpp"
#include "run_tool.hpp"

#include <attn/error.hpp>
#include <attn/io/file.hpp>
#include <attn/io/source.hpp>
#include <attn/render/json.hpp>

#include <algorithm>

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

// float32 and what is narrower stay in float32.
StoredTensor stored(const io::Array& array, const std::string& subject) {
  const bool narrow = array.dtype == DType::float32 || array.dtype == DType::float16 || array.dtype == DType::bfloat16;
  if (narrow) return io::to_tensor<float>(array, subject);
  return io::to_tensor<double>(array, subject);
}

int exit_code_of(const Judged& judged) {
  if (judged.refused) return static_cast<int>(judged.refused->kind());
  return judged.verification.verdict == Verdict::match ? exit_done : exit_different;
}

}  // namespace

std::vector<ForeignTensor> read_submission(const std::string& path, Step unnamed, std::size_t max_memory) {
  MemoryBudget budget(max_memory);
  std::vector<io::NamedArray> arrays = io::read_all(path, io::MemoryLimit(budget.left()));
  std::vector<ForeignTensor> tensors;
  for (io::NamedArray& read : arrays) {
    const io::NamedArray named = std::move(read);  // its bytes end with its turn
    const std::string name = named.name.empty() ? std::string(name_of(unnamed)) : named.name;
    tensors.push_back({name, stored(named.array, path + ":" + name)});
    budget.charge(tensors.back().tensor.view().bytes(), path);
    io::forget_pages(named.array.bytes);
  }
  return tensors;
}

std::vector<Judged> judge_files(const VerifyCommandOptions& options, const std::function<Judged(const std::string&)>& judge) {
  std::vector<Judged> judged;
  for (const std::string& file : options.files) {
    try {
      judged.push_back(judge(file));
    } catch (const Error& error) {
      if (options.files.size() == 1) throw;
      judged.push_back({file, {}, {}, error});
    }
  }
  return judged;
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
  int worst = exit_done;
  for (const Judged& one : judged) worst = std::max(worst, exit_code_of(one));
  return worst;
}

}  // namespace attn::tools
