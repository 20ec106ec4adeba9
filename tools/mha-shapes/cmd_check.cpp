// Claims about a module of attention: every contradiction at once, and what would be consistent instead.
#include "../common/page_width.hpp"
#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "module_options.hpp"
#include "report.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>
#include <attn/io/file.hpp>
#include <attn/io/names.hpp>
#include <attn/shapes/claims.hpp>
#include <attn/steps.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

using shapes::CheckResult;
using shapes::Finding;

struct CheckCommand {
  std::string program, file, input_axes;
  shapes::StatedShapes stated;
  shapes::ModuleConfig config;
  std::vector<const CLI::Option*> module_options;  ///< what describes a module without code
  OutputOptions output;
};

// "5,3,8", also with brackets or blanks as a program prints it: "(5, 3, 8)", "(5,)".
Shape parse_shape(const std::string& option, const std::string& text) {
  std::string bare;
  for (const char c : text) {
    if (std::string_view("()[] ").find(c) == std::string_view::npos) bare += c;
  }
  const bool is_tuple_of_one = text.size() > 2 && text.substr(text.size() - 2) == ",)" && bare.find(',') + 1 == bare.size();
  if (is_tuple_of_one) bare.pop_back();
  Shape shape;
  for (const std::string& size : parse_list(option, bare)) shape.push_back(parse_whole(option, size, 1, std::size_t{1} << 28));
  return shape;
}

void add_shape(CLI::App& app, const char* option, std::optional<Shape>& target, const char* help) {
  app.add_option_function<std::string>(option, [&target, option](const std::string& text) { target = parse_shape(option, text); }, help)
      ->type_name("SHAPE")
      ->group("Shapes");
}

void add_size(CLI::App& app, CheckCommand& c, const char* option, std::size_t shapes::ModuleConfig::*size, const char* help) {
  const auto set = [&c, option, size](const std::string& text) { c.config.*size = parse_whole(option, text, 1, std::size_t{1} << 28); };
  c.module_options.push_back(app.add_option_function<std::string>(option, set, help)->type_name("N")->group("Sizes"));
}

// The code itself, or the file that holds it.
std::string program_text(const CheckCommand& c) {
  if (!c.file.empty() && !c.program.empty()) throw UsageError("--file", "gives the code a second time");
  if (!c.file.empty()) {
    const io::Bytes bytes = c.file == "-" ? io::load_stdin("--file -") : io::load_file(c.file, "--file " + c.file);
    if (bytes.text().empty()) throw InputError("--file " + c.file, "is empty: expected Python that makes and calls a module");
    return std::string(bytes.text());
  }
  return c.program;
}

CheckResult check(const CheckCommand& c) {
  const std::string program = program_text(c);
  if (program.empty()) {
    if (c.config.d_model == 0 || c.config.heads == 0) {
      throw UsageError("", "nothing to check: give a call such as 'nn.MultiheadAttention(8, 2)', --file, or --d-model and --heads");
    }
    return shapes::check_module(c.config, c.stated);
  }
  for (const CLI::Option* option : c.module_options) {
    if (option->count() > 0) throw UsageError(option->get_name(), "describes a module; the code describes one already");
  }
  CheckResult result = shapes::check_program(program, c.stated);
  if (result.calls.empty()) {
    throw InputError("", "found no module of attention in the code (known: nn.MultiheadAttention, nn.Transformer and its layers, "
                         "d2l.MultiHeadAttention, keras.layers.MultiHeadAttention, MultiHeadSelfAttention, SelfAttention)");
  }
  return result;
}

// Shapes beside the query say nothing without it, and nor does the order of its axes.
void require_query(const CheckCommand& c, const CheckResult& result) {
  if (!result.calls.back().call.query.empty()) return;
  const shapes::StatedShapes& stated = c.stated;
  const bool orders_nothing = c.config.batch_first && !stated.batch_first_input;
  for (const auto& [given, option] : {std::pair(stated.key.has_value(), "--key"), std::pair(stated.value.has_value(), "--value"),
                                      std::pair(stated.attn_mask.has_value(), "--attn-mask"),
                                      std::pair(stated.key_padding_mask.has_value(), "--key-padding-mask"),
                                      std::pair(orders_nothing, "--batch-first")}) {
    if (given) throw UsageError(option, "needs --input: no shape of a query is known that it could be held against");
  }
}

// A keyword that no API has is most often a slip of the hand.
std::string repair_of(const CheckCommand& c, const Finding& finding) {
  lessons::Placeholders values = finding.values;
  std::string variant;
  if (finding.rule == "unknown_keyword") {
    std::vector<std::string> known;
    for (const std::string& name : parse_list("", values.at("list"))) known.push_back(name.substr(name.find_first_not_of(' ')));
    if (const auto near = io::near_miss(finding.subject, known)) {
      values["right"] = *near;
      variant = "near";
    }
  }
  return lessons::shape_lesson(c.output.language).note("shapes.repair." + finding.rule, variant, values).value_or("");
}

render::Table table_of(const CheckCommand& c, const std::vector<Finding>& findings) {
  const lessons::Language language = c.output.language;
  render::Table table;
  table.columns = {column(language, "rule"), column(language, "subject"), column(language, "problem"), column(language, "repair")};
  for (const Finding& finding : findings) {
    table.rows.push_back({finding.rule, finding.subject, say(language, "rule." + finding.rule, finding.values),
                          repair_of(c, finding)});
  }
  return table;
}

std::string text_body(const CheckCommand& c, const std::vector<Finding>& findings) {
  const lessons::Language language = c.output.language;
  const bool colour = wants_colour(c.output);
  if (findings.empty()) return (colour ? "\033[38;5;28m✓\033[0m " : "✓ ") + say(language, "check.none") + "\n";
  std::string text;
  for (const Finding& finding : findings) {
    const std::string problem = indented(say(language, "rule." + finding.rule, finding.values), 2, page_width(c.output));
    text += (colour ? "\033[38;5;160m✗\033[0m " : "✗ ") + problem.substr(2);
    if (c.output.notes) text += indented("→ " + repair_of(c, finding), 4, page_width(c.output));
  }
  return text;
}

std::vector<std::string> alternative_lines(const CheckCommand& c, const shapes::CheckedCall& checked) {
  std::vector<std::string> lines;
  for (const shapes::Alternative& a : shapes::nearest_consistent(checked)) {
    std::string line = say(c.output.language, "check.alternative",
                           {{"name", shapes::constructor_name(a.config.impl, shapes::Role::d_model)},
                            {"E", std::to_string(a.config.d_model)},
                            {"H", std::to_string(a.config.heads)},
                            {"D", std::to_string(a.config.d_model / a.config.heads)}});
    if (!a.input.empty()) line += ": x " + to_string(a.input) + " → " + to_string(a.output);
    lines.push_back(line + (checked.api ? "   " + constructor_call(*checked.api, a.config) : ""));
  }
  return lines;
}

render::JsonArray alternatives_json(const shapes::CheckedCall& checked) {
  render::JsonArray array;
  for (const shapes::Alternative& a : shapes::nearest_consistent(checked)) {
    array.emplace_back(render::JsonObject{{"d_model", std::uint64_t{a.config.d_model}},
                                          {"heads", std::uint64_t{a.config.heads}},
                                          {"head_dim", std::uint64_t{a.config.d_model / a.config.heads}},
                                          {"input", render::json_of(a.input)},
                                          {std::string(name_of(Step::output)), render::json_of(a.output)},
                                          {"changes", std::uint64_t{a.changes}},
                                          {"call", checked.api ? constructor_call(*checked.api, a.config) : ""}});
  }
  return array;
}

// Sizes that the code leaves open, each once: "embed_dim = width, num_heads = heads".
std::vector<std::string> unknown_sizes(const CheckResult& result) {
  std::vector<std::string> names;
  for (const shapes::CheckedCall& checked : result.calls) {
    for (const std::string& name : checked.unknown) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

// Whether any module has sizes; without them a check of names alone must not look like success.
bool compares_something(const CheckResult& result) {
  return std::any_of(result.calls.begin(), result.calls.end(), [](const shapes::CheckedCall& checked) {
    return checked.unknown.empty() || (checked.config.d_model > 0 && checked.config.heads > 0);
  });
}

void report_contradictions(Report& report, const CheckCommand& c, const CheckResult& result) {
  const std::size_t count = result.findings.size();
  report.introduction = {lessons::shape_lesson(c.output.language)
                             .note("shapes.check.count", count == 1 ? "one" : "", {{"count", std::to_string(count)}})
                             .value_or("")};
  const shapes::CheckedCall& last = result.calls.back();
  report.facts.emplace_back("nearest", alternatives_json(last));
  const std::vector<std::string> lines = alternative_lines(c, last);
  if (lines.empty() || !c.output.notes) return;
  report.closing = {say(c.output.language, "check.nearest")};
  report.closing.insert(report.closing.end(), lines.begin(), lines.end());
}

void report_output(Report& report, const CheckCommand& c, const shapes::CheckedCall& checked) {
  if (checked.call.query.empty() || checked.config.d_model == 0 || checked.config.heads == 0) return;
  const Shape output = shapes::output_shape(checked.config, checked.call);
  report.closing.push_back(say(c.output.language, "check.output", {{"found", to_string(output)}}));
  report.facts.emplace_back(std::string(name_of(Step::output)), render::json_of(output));
}

int run(const CheckCommand& c) {
  const CheckResult result = check(c);
  require_query(c, result);
  const bool consistent = result.findings.empty(), compared = compares_something(result);
  const auto make = [&]() {
    Report report;
    report.rows_key = "contradictions";
    report.title = say(c.output.language, "check.title");
    report.table = table_of(c, result.findings);
    report.text_body = consistent && !compared ? indented(say(c.output.language, "check.incomparable"), 0, page_width(c.output)) : text_body(c, result.findings);
    report.facts = {{"tool", "mha-shapes check"}, {"verdict", !consistent ? "contradictory" : compared ? "consistent" : "incomparable"}};
    if (!consistent) report_contradictions(report, c, result);
    if (consistent && compared) report_output(report, c, result.calls.back());
    const std::vector<std::string> unknown = unknown_sizes(result);
    report.facts.emplace_back("unknown", render::JsonArray(unknown.begin(), unknown.end()));
    if (!unknown.empty() && c.output.notes) {
      std::string list;
      for (const std::string& name : unknown) list += (list.empty() ? "" : ", ") + name;
      report.closing.push_back(say(c.output.language, "check.unknown", {{"list", list}}));
    }
    return report;
  };
  write(make, c.output);
  return consistent && compared ? exit_done : exit_different;
}

void add_claims(CLI::App& app, CheckCommand& c) {
  app.add_option("code", c.program, "Python that makes and calls a module")->type_name("CODE")->group("Options");
  app.add_option("--file", c.file, "The same from a file; - is standard input")->type_name("PATH")->group("Options");
  add_shape(app, "--input", c.stated.input, "Shape of the query (input, src or tgt): 5,3");
  add_shape(app, "--key", c.stated.key, "Shape of the source of keys, where it is another tensor");
  add_shape(app, "--value", c.stated.value, "Shape of the source of values, where it is another tensor");
  add_shape(app, "--output", c.stated.output, "Shape that is said to come out");
  add_shape(app, "--attn-mask", c.stated.attn_mask, "Shape of attn_mask");
  add_shape(app, "--key-padding-mask", c.stated.key_padding_mask, "Shape of key_padding_mask");
  app.add_flag("--batch-first-input", c.stated.batch_first_input, "The axes of the input are (B, L, E), whatever the module expects")->group("Shapes");
}

}  // namespace

Run setup_check(CLI::App& app) {
  auto c = std::make_shared<CheckCommand>();
  add_claims(app, *c);
  Choices<shapes::Impl> impls;
  for (const shapes::ImplRow& row : shapes::impl_table()) {
    if (row.impl != shapes::Impl::sdpa) impls.emplace_back(std::string(row.name), row.impl);
  }
  c->module_options.push_back(
      add_choice(app, "--impl", c->config.impl, impls, "Module, when it is given by its sizes (default torch)")->group("Sizes"));
  add_size(app, *c, "--d-model", &shapes::ModuleConfig::d_model, "E: embedding width");
  add_size(app, *c, "--heads", &shapes::ModuleConfig::heads, "H: query heads");
  add_size(app, *c, "--kv-heads", &shapes::ModuleConfig::kv_heads, "Hk: key/value heads");
  add_size(app, *c, "--kdim", &shapes::ModuleConfig::key_width, "Ek: width of the source of keys");
  add_size(app, *c, "--vdim", &shapes::ModuleConfig::value_width, "Ev: width of the source of values");
  c->module_options.push_back(app.add_flag("--batch-first", c->config.batch_first, "The module is made with batch_first=True")->group("Sizes"));
  app.add_option_function<std::string>(
         "--head-dim", [raw = c.get()](const std::string& text) { raw->stated.head_dim = parse_whole("--head-dim", text, 1, std::size_t{1} << 28); },
         "D: claimed head size (d_k)")
      ->type_name("N")
      ->group("Sizes");
  add_report_options(app, c->output, "-o,--save");
  return [c]() { return run(*c); };
}

}  // namespace attn::tools
