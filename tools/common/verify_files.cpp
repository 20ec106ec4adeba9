#include "verify_files.hpp"

#include "formats.hpp"
#include "memory_budget.hpp"
#include "page_width.hpp"
#include "run_tool.hpp"
#include "verify_page.hpp"
#include "verify_text.hpp"

#include <attn/error.hpp>
#include <attn/io/file.hpp>
#include <attn/io/source.hpp>
#include <attn/render/json.hpp>

#include <algorithm>
#include <filesystem>
#include <numeric>

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

void write_text_report(const std::vector<Judged>& judged, const ReportWords& words, const OutputOptions& options) {
  std::string text;
  if (judged.size() > 1) text = render::table_text(table_of(judged, words.language, words.hint), words.width) + "\n";
  for (std::size_t i = 0; i < judged.size(); ++i) text += (i > 0 ? "\n" : "") + text_of(judged[i], words);
  write_text_result(text, options);
}

// A step that was left blank for others to fill in, and is not there at all, was not filled in.
void require_blanks(Submission& theirs, const std::map<Step, Shape>& ours, const OutputOptions& output) {
  for (const auto& [step, shape] : ours) {
    if (!is_blank(output, std::string(name_of(step))) || theirs.tensors.count(step)) continue;
    std::vector<std::size_t>& cells = theirs.unfilled[step];
    cells.resize(element_count(shape).value_or(0));
    std::iota(cells.begin(), cells.end(), std::size_t{0});
  }
}

// Numbers that the library computes with are read where the file has them; float32 and what is narrower stay in float32.
StoredTensor stored(const io::Array& array, const std::string& subject) {
  const bool in_order = array.byte_order == io::ByteOrder::little && array.layout == io::Layout::row_major;
  for (const Precision precision : {Precision::float64, Precision::float32}) {
    if (in_order && array.dtype == dtype_of(precision)) return {TensorView(precision, array.shape, array.bytes.data), array.bytes.owner, [bytes = array.bytes] { io::forget_pages(bytes); }};
  }
  const bool narrow = array.dtype == DType::float32 || array.dtype == DType::float16 || array.dtype == DType::bfloat16;
  if (narrow) return io::to_tensor<float>(array, subject);
  return io::to_tensor<double>(array, subject);
}

void write_html_report(const std::vector<Judged>& judged, const ReportWords& words, const OutputOptions& options) {
  const std::map<Step, Tensor<double>> ours = words.ours();
  const VerificationPage page(judged, ours);
  const auto sink = open_result(options);
  SinkOutput output(*sink);
  write_page(
      output,
      [&]() {
        ReportWords spoken = words;
        spoken.language = options.language;
        return page.text(spoken);
      },
      options);
  sink->finish();
}

int exit_code_of(const Judged& judged) {
  if (judged.refused) return static_cast<int>(judged.refused->kind());
  return judged.verification.verdict == Verdict::match ? exit_done : exit_different;
}

}  // namespace

std::vector<ForeignTensor> read_submission(const std::string& path, Step unnamed, std::size_t max_memory, io::EmptyCells empty_cells) {
  MemoryBudget budget(max_memory);
  std::vector<io::NamedArray> arrays = io::read_all(path, io::MemoryLimit(budget.left()), empty_cells);
  std::vector<ForeignTensor> tensors;
  for (io::NamedArray& read : arrays) {
    const io::NamedArray named = std::move(read);  // bytes that were converted end with its turn
    const std::string name = named.name.empty() ? std::filesystem::path(path).stem().string() : named.name;
    tensors.push_back({name, stored(named.array, named.name.empty() ? path : path + ":" + name), named.unfilled});
    if (named.name.empty()) tensors.back().unnamed = unnamed;
    tensors.back().truth_values = !is_floating(named.array.dtype);
    const TensorView numbers = tensors.back().tensor.view();
    budget.charge(numbers.bytes(), path);
    if (numbers.data() != named.array.bytes.data) io::forget_pages(named.array.bytes);
  }
  return tensors;
}

Submission aligned(std::vector<ForeignTensor> theirs, const std::map<Step, Shape>& ours, const NameMap& map,
                   const OutputOptions& output) {
  Submission submission = align(std::move(theirs), ours, map);
  require_blanks(submission, ours, output);
  return submission;
}

std::vector<Judged> judge_files(const VerifyCommandOptions& options, const std::function<Judged(const std::string&)>& judge) {
  std::vector<Judged> judged;
  for (const std::string& file : options.files) {
    try {
      judged.push_back(judge(file));
    } catch (const Error& error) {
      if (options.files.size() == 1) throw;
      judged.push_back({file, {}, {}, error, {}});
    }
  }
  return judged;
}

void keep_for_report(Judged& judged, const OutputOptions& output) {
  if (chosen_format(output).name != "html") judged.theirs.tensors.clear();
}

ReportWords report_words(const OutputOptions& output, const Sizes& sizes) {
  ReportWords words;
  words.language = output.language;
  words.sizes = sizes;
  words.color = wants_colour(output);
  words.width = page_width(output);
  return words;
}

VerifyOptions verify_options_of(const VerifyCommandOptions& o) {
  VerifyOptions options;
  if (o.rtol) options.tolerance = Tolerance{*o.rtol, *o.atol, o.equal_nan};
  options.equal_nan = o.equal_nan;
  options.decimals = o.decimals;
  return options;
}

int report_judged(const std::vector<Judged>& judged, const ReportWords& words, const OutputOptions& output) {
  const std::string format = chosen_format(output).name;
  if (format == "json") {
    write_json_report(judged, words, output);
  } else if (format == "text") {
    write_text_report(judged, words, output);
  } else if (format == "html") {
    write_html_report(judged, words, output);
  } else if (format != "csv" && judged.size() == 1) {
    write_table_report([&]() { return summary_of(judged.front(), words); }, output);
  } else {
    // Words that programs read do not depend on the language.
    const lessons::Language language = format == "csv" ? lessons::Language::en : words.language;
    const bool steps = judged.size() == 1 && tells(words.hint, hint_where);
    render::Table table = steps ? table_of_steps(judged.front(), language, words.hint) : table_of(judged, language, words.hint);
    write_table([&]() { return PrefacedTable{"", "", std::move(table)}; }, output);
  }
  int worst = exit_done;
  for (const Judged& one : judged) worst = std::max(worst, exit_code_of(one));
  return worst;
}

}  // namespace attn::tools
