#include "formats.hpp"

#include "choices.hpp"
#include "page_report.hpp"
#include "page_width.hpp"

#include <attn/error.hpp>
#include <attn/io/npy.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/lessons/words.hpp>
#include <attn/render/csv.hpp>
#include <attn/render/latex.hpp>
#include <attn/render/latex_text.hpp>
#include <attn/render/markdown.hpp>
#include <attn/render/table.hpp>
#include <attn/render/text.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <unistd.h>

namespace attn::tools {
namespace {

render::Extent extent_of(const OutputOptions& options) {
  render::Extent extent;
  extent.all = options.full;
  return extent;
}

const TraceEntry& only_entry(const TraceReport& report, const std::string& what) {
  if (report.trace.entries.size() != 1) {
    std::vector<std::string> names;
    for (const TraceEntry& entry : report.trace.entries) names.push_back(entry.name);
    throw UsageError("", fmt::format("{} holds one tensor; choose with --steps one of {}", what, fmt::join(names, ", ")));
  }
  return report.trace.entries.front();
}

std::vector<io::NamedView> named_views(const Trace& trace) {
  std::vector<io::NamedView> views;
  for (const TraceEntry& entry : trace.entries) views.push_back({entry.name, entry.tensor});
  return views;
}

void write_text(io::Sink& sink, const TraceReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  render::TextStyle style;
  style.decimals = options.precision.value_or(default_decimals);
  style.width = page_width(options);
  style.color = wants_colour(options);
  style.extent = extent_of(options);
  style.words = words_of(options);
  render::write_text(output, report.document(), style);
}

render::Cells cells_of(const TraceEntry& entry, const OutputOptions& options) {
  return is_blank(options, entry.name) ? render::Cells::blank : render::Cells::filled;
}

void write_csv(io::Sink& sink, const TraceReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  const render::NumberFormat format{options.precision};
  if (options.matrix) {
    const TraceEntry& entry = only_entry(report, "--matrix");
    render::write_csv_matrix(output, entry.tensor, format, cells_of(entry, options));
    return;
  }
  render::TidyCsv csv(output, format);
  for (const TraceEntry& entry : report.trace.entries) csv.add(entry.name, split_axes(entry.axes), entry.tensor, cells_of(entry, options));
  csv.finish();
}

void write_json(io::Sink& sink, const TraceReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  render::JsonTrace json(output, report.header);
  for (const TraceEntry& entry : report.trace.entries) {
    const StepInfo& info = step_info(entry.step);
    render::JsonArray axes;
    for (const std::string& axis : split_axes(entry.axes)) axes.emplace_back(axis);
    json.add({{"step", entry.name},
              {"symbol", info.symbol},
              {"formula", report.formula(entry)},
              {"axes", std::move(axes)},
              {"shape", render::json_of(entry.tensor.shape())}},
             entry.tensor, cells_of(entry, options));
  }
  json.finish();
}

void write_npz(io::Sink& sink, const TraceReport& report, const OutputOptions&) {
  io::write_npz(sink, named_views(report.trace));
}

void write_npy(io::Sink& sink, const TraceReport& report, const OutputOptions&) {
  io::write_npy(sink, only_entry(report, "an npy file").tensor);
}

void write_safetensors(io::Sink& sink, const TraceReport& report, const OutputOptions&) {
  io::write_safetensors(sink, named_views(report.trace));
}

void write_markdown(io::Sink& sink, const TraceReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  render::MarkdownStyle style;
  style.decimals = options.precision.value_or(default_decimals);
  style.extent = extent_of(options);
  style.words = words_of(options);
  render::write_markdown(output, report.document(), style);
}

void write_latex(io::Sink& sink, const TraceReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  render::LatexStyle style;
  style.decimals = options.precision.value_or(default_decimals);
  style.labels = options.labels;
  style.extent = extent_of(options);
  style.words = words_of(options);
  render::write_latex(output, report.document(), style);
}

// The formats without tables are bytes, not text.
void refuse_bytes_on_a_terminal(const Format& format, const OutputOptions& options) {
  if (format.table || options.path_given || isatty(STDOUT_FILENO) == 0) return;
  throw UsageError("--format " + format.name, "is not text, and standard output is a terminal; write a file with --output FILE (--output - writes here all the same)");
}

void write_html(io::Sink& sink, const TraceReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  write_page(
      output,
      [&report]() {
        const render::Document document = report.document();
        return PageText{document.title, render::page_blocks(document)};
      },
      options);
}

std::string text_table(const render::Table& table) { return render::table_text(table); }

}  // namespace

void refuse_digits_of_exact_formats(const Format& format, const OutputOptions& options) {
  if (options.precision && (!format.table || format.name == "json")) throw UsageError("--precision", "is for digits; " + format.name + " holds exact numbers");
}

namespace {

// --output asks for one format and --matrix or --labels for another: say so rather than ignore a word.
void check_format_options(const Format& format, const OutputOptions& options) {
  if (options.matrix && format.name != "csv") throw UsageError("--matrix", "is for csv, not " + format.name);
  refuse_digits_of_exact_formats(format, options);
  if (!options.blank.empty() && !format.table) throw UsageError("--blank", "leaves cells empty; every cell of " + format.name + " holds a number");
  if (options.labels && format.name != "latex") throw UsageError("--labels", "is for latex, not " + format.name);
}

}  // namespace

render::Words words_of(const OutputOptions& options) {
  render::Words words = lessons::words(options.language);
  words.way_to_show_all = lessons::lesson(options.language).note("word", "full_option").value_or("");
  return words;
}

const std::vector<Format>& format_table() {
  static const std::vector<Format> table = {
      {"text", {".txt"}, "for people: aligned, with formulas and notes", write_text, text_table},
      {"csv", {".csv"}, "tidy: step,batch,head,row,col,value; with --matrix the bare numbers of one step", write_csv, render::table_csv},
      {"json", {".json"}, "one object, every number reads back exactly", write_json, render::table_json},
      {"npz", {".npz"}, "NumPy archive, one array a step", write_npz, nullptr},
      {"npy", {".npy"}, "NumPy array of one step", write_npy, nullptr},
      {"safetensors", {".safetensors"}, "one tensor a step", write_safetensors, nullptr},
      {"markdown", {".md"}, "headings, formulas and tables", write_markdown, render::table_markdown},
      {"latex", {".tex"}, "bmatrix per matrix, for lecture notes; needs amsmath, and Chinese needs ctex and xelatex", write_latex, render::table_latex},
      {"html", {".html", ".htm"}, "one page for a browser: heat maps, every digit on hover, both languages", write_html, render::table_html},
  };
  return table;
}

const Format& find_format(const std::string& name) {
  Choices<const Format*> choices;
  for (const Format& format : format_table()) choices.emplace_back(format.name, &format);
  return *parse_choice("--format", name, choices);
}

const Format& chosen_format(const OutputOptions& options) {
  if (options.format) {
    refuse_bytes_on_a_terminal(*options.format, options);
    return *options.format;
  }
  const std::size_t slash = options.path.rfind('/');
  const std::size_t dot = options.path.rfind('.');
  const bool has_extension = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  if (options.path == "-" || !has_extension) return format_table().front();
  const std::string extension = options.path.substr(dot);
  std::vector<std::string> known;
  for (const Format& format : format_table()) {
    for (const std::string& candidate : format.extensions) {
      if (candidate == extension) return format;
      known.push_back(candidate);
    }
  }
  throw UsageError("--output " + options.path, "no format has the extension '" + extension + "' (" +
                                                   list_of_words(known) + "); choose one with --format");
}

namespace {

io::Overwrite overwrite_of(const OutputOptions& options) { return options.force ? io::Overwrite::yes : io::Overwrite::no; }

}  // namespace

void check_result(const OutputOptions& options) {
  if (!options.as_script) check_format_options(chosen_format(options), options);
  io::check_target(options.path, overwrite_of(options));
}

std::unique_ptr<io::Sink> open_result(const OutputOptions& options) { return io::open_sink(options.path, overwrite_of(options)); }

void write_report(const TraceReport& report, const OutputOptions& options) {
  const Format& format = chosen_format(options);
  check_format_options(format, options);
  const auto sink = open_result(options);
  format.write_trace(*sink, report, options);
  sink->finish();
}

void require_table_format(const Format& format) {
  if (format.table) return;
  std::vector<std::string> names;
  for (const Format& row : format_table()) {
    if (row.table) names.push_back(row.name);
  }
  throw UsageError("--format", format.name + " holds tensors; a table needs " + list_of_words(names));
}

void write_rendered(const std::function<std::string(const Format&)>& render, const std::function<PageText()>& page,
                    const OutputOptions& options) {
  const Format& format = chosen_format(options);
  check_format_options(format, options);
  require_table_format(format);
  const auto sink = open_result(options);
  if (format.name == "html") {
    SinkOutput output(*sink);
    write_page(output, page, options);
  } else {
    const std::string text = render(format);
    if (format.name == "latex") sink->write(render::latex_needs(render::has_wide_character(text)));
    sink->write(text);
  }
  sink->finish();
}

void write_text_result(const std::string& text, const OutputOptions& options) {
  const auto sink = open_result(options);
  sink->write(text);
  sink->finish();
}

void write_table(const std::function<PrefacedTable()>& make, const OutputOptions& options) {
  write_rendered(
      [&](const Format& format) {
        const PrefacedTable made = make();
        return format.name == "text" ? made.preface + render::table_text(made.table, page_width(options)) : format.table(made.table);
      },
      [&]() {
        const PrefacedTable made = make();
        return table_page(made.title, made.preface.empty() ? std::vector<std::string>{} : std::vector<std::string>{made.preface}, made.table);
      },
      options);
}

}  // namespace attn::tools
