// The output formats: one table, read by --format, by the extension of --output, and by the help text.
#pragma once

#include "output_options.hpp"

#include <attn/io/sink.hpp>
#include <attn/render/document.hpp>
#include <attn/render/json.hpp>
#include <attn/render/output.hpp>
#include <attn/render/table.hpp>
#include <attn/trace.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace attn::tools {

struct PageText;

/// A finished run as the writers of formats see it.
struct TraceReport {
  const Trace& trace;                          ///< the selected steps
  std::function<render::Document()> document;  ///< the same with formulas and notes, for people
  render::JsonObject header;                   ///< what JSON says before the steps
  std::function<std::string(const TraceEntry&)> formula;  ///< of a step in this run, for JSON
};

struct Format {
  std::string name;
  std::vector<std::string> extensions;  ///< with their dot
  std::string description;
  /// Writes the report, or throws UsageError when the format cannot hold it.
  void (*write_trace)(io::Sink& sink, const TraceReport& report, const OutputOptions& options);
  /// A table by itself (of a list of steps, of one cell's terms); nullptr: the format holds tensors only.
  std::string (*table)(const render::Table& table);
};

const std::vector<Format>& format_table();

/// Throws UsageError, with the nearest name, for an unknown format.
const Format& find_format(const std::string& name);

/// --format, else the format that has the extension of --output, else text. Throws UsageError for an
/// extension that no format has.
const Format& chosen_format(const OutputOptions& options);

/// Throws UsageError for --precision with a format whose every number reads back exactly.
void refuse_digits_of_exact_formats(const Format& format, const OutputOptions& options);

/// Throws UsageError if the format holds tensors only.
void require_table_format(const Format& format);

/// Throws, before something that takes long, what opening --output in the chosen format would throw.
void check_result(const OutputOptions& options);

/// Opens --output, replacing an existing file only with --force.
std::unique_ptr<io::Sink> open_result(const OutputOptions& options);

/// Writes the report to --output in the chosen format.
void write_report(const TraceReport& report, const OutputOptions& options);

struct PrefacedTable {
  std::string title;    ///< of a page; the other formats have the table alone
  std::string preface;  ///< text and pages: what stands above the table
  render::Table table;
};

/// Writes a table to --output in the chosen format; a page asks `make` once for each language. Throws UsageError
/// for a format that holds tensors only.
void write_table(const std::function<PrefacedTable()>& make, const OutputOptions& options);

/// Writes finished text (a report, a recipe) to --output.
void write_text_result(const std::string& text, const OutputOptions& options);
/// Writes to --output what `render` returns for the chosen format; of a page, what `page` gives, asked once for
/// each language. Throws UsageError for a format that holds tensors only.
void write_rendered(const std::function<std::string(const Format&)>& render, const std::function<PageText()>& page,
                    const OutputOptions& options);

/// Digits after the point in text, Markdown and LaTeX, without --precision.
constexpr int default_decimals = 4;

/// The words of the renderers in the language of the options, for a subcommand that has --full.
render::Words words_of(const OutputOptions& options);

/// Lets renderers write to a sink.
class SinkOutput : public render::Output {
 public:
  explicit SinkOutput(io::Sink& sink) : sink_(sink) {}
  void write(std::string_view text) override { sink_.write(text); }

 private:
  io::Sink& sink_;
};

}  // namespace attn::tools
