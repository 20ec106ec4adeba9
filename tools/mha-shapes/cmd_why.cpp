// A pasted error of a framework, explained in the terms of attention.
#include "report.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>
#include <attn/io/file.hpp>
#include <attn/shapes/error_rules.hpp>

#include <CLI/CLI.hpp>

#include <memory>
#include <set>

namespace attn::tools {
namespace {

struct WhyCommand {
  std::string text, file;
  bool list = false;
  OutputOptions output;
};

// More than any traceback needs; a megabyte of log is not an error message.
constexpr std::size_t longest_text = std::size_t{1} << 16;

std::string error_text(const WhyCommand& c) {
  if (!c.file.empty() && !c.text.empty()) throw UsageError("--file", "gives the error a second time");
  std::string text = c.text;
  if (!c.file.empty()) {
    const io::Bytes bytes = c.file == "-" ? io::load_stdin("--file -") : io::load_file(c.file, "--file " + c.file);
    if (bytes.text().empty()) throw InputError("--file " + c.file, "is empty: expected the text of an error");
    text = std::string(bytes.text());
  }
  if (text.empty()) throw UsageError("", "nothing to explain: give the text of an error, or --file");
  // The last lines of a traceback say what went wrong.
  return text.size() > longest_text ? text.substr(text.size() - longest_text) : text;
}

lessons::Placeholders placeholders(const shapes::ErrorMatch& match) {
  lessons::Placeholders values = match.values;
  for (const char* name : {"found", "expected", "right", "name"}) values.emplace(name, "?");
  return values;
}

int print_rules(const WhyCommand& c) {
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    Report report;
    report.rows_key = "rules";
    report.title = say(language, "why.rules");
    report.table.columns = {column(language, "rule"), column(language, "framework"), column(language, "step"), column(language, "pattern")};
    for (const shapes::ErrorRule& rule : shapes::error_rules()) {
      report.table.rows.push_back({std::string(rule.id), std::string(rule.framework), steps_text(rule), std::string(rule.pattern)});
    }
    report.facts = {{"tool", "mha-shapes why"}};
    return report;
  };
  write(make, c.output);
  return exit_done;
}

Report report_of(const WhyCommand& c, const std::optional<shapes::ErrorMatch>& match) {
  const lessons::Language language = c.output.language;
  Report report;
  report.rows_key = "explanations";
  report.table.columns = {column(language, "rule"), column(language, "framework"), column(language, "step"), column(language, "problem"), column(language, "repair")};
  report.facts = {{"tool", "mha-shapes why"}, {"known", match.has_value()}};
  if (!match) {
    report.title = say(language, "why.unknown_title");
    report.text_body = indented(say(language, "why.unknown"), 0);
    return report;
  }
  const lessons::Placeholders values = placeholders(*match);
  const std::string id(match->rule->id);
  report.title = say(language, "why.title", {{"name", std::string(match->rule->framework)}, {"list", steps_text(*match->rule)}});
  const std::string problem = say(language, "why." + id, values), repair = say(language, "fix." + id, values);
  report.table.rows.push_back({id, std::string(match->rule->framework), steps_text(*match->rule), problem, repair});
  report.text_body = indented(problem, 0) + (c.output.notes ? indented("→ " + repair, 2) : "");
  return report;
}

int run(const WhyCommand& c) {
  if (c.list) return print_rules(c);
  const auto match = shapes::explain_error(error_text(c));
  write([&]() { return report_of(c, match); }, c.output);
  return match ? exit_done : exit_different;
}

}  // namespace

Run setup_why(CLI::App& app) {
  auto c = std::make_shared<WhyCommand>();
  app.add_option("error", c->text, "The error's text, or a whole traceback")->type_name("TEXT")->group("Options");
  app.add_option("--file", c->file, "The same from a file; - is standard input")->type_name("PATH")->group("Options");
  app.add_flag("--list", c->list, "List the rules instead")->group("Options");
  add_report_options(app, c->output);
  return [c]() { return run(*c); };
}

}  // namespace attn::tools
