// The catalogue of mistakes: what each looks like, how it shows, when it is invisible, what mends it.
#include "../common/formats.hpp"
#include "../common/output_options.hpp"
#include "../common/page_report.hpp"
#include "../common/page_width.hpp"
#include "../common/suggest.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/display_width.hpp>
#include <attn/verify/mistakes.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

constexpr const char* fields[] = {"symptom", "shows", "blind", "fix"};

struct MistakesCommand {
  std::vector<std::string> ids;  ///< empty: all
  OutputOptions output;
};

std::string about(const MistakesCommand& c, const std::string& id, const std::string& field) {
  return lessons::mistake_lesson(c.output.language).note(id, field).value_or("");
}

std::vector<std::string> chosen_ids(const MistakesCommand& c) {
  const std::vector<std::string> known(lessons::mistake_ids().begin(), lessons::mistake_ids().end());
  for (const std::string& id : c.ids) {
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      throw UsageError("", "no mistake '" + id + "' in the catalogue" + did_you_mean(id, known));
    }
  }
  return c.ids.empty() ? known : c.ids;
}

render::Table table_of(const MistakesCommand& c) {
  render::Table table;
  for (const char* column : {"id", "title", "symptom", "shows", "blind", "fix", "can_be_made"}) {
    table.columns.push_back({lessons::lesson(c.output.language).note("mistakes", column).value_or(column), render::Alignment::left, column});
  }
  for (const std::string& id : chosen_ids(c)) {
    table.rows.push_back({id, about(c, id, "title"), about(c, id, "symptom"), about(c, id, "shows"), about(c, id, "blind"),
                          about(c, id, "fix"), !mistakes_of(id).empty()});
  }
  return table;
}

// A paragraph a field, under the id and the title.
std::string text_of(const MistakesCommand& c) {
  const std::string indent(6, ' ');
  const std::size_t width = page_width(c.output) - indent.size();
  std::string text;
  for (const std::string& id : chosen_ids(c)) {
    text += id + "  " + about(c, id, "title") + "\n";
    for (const char* field : fields) {
      const std::string label = lessons::lesson(c.output.language).note("mistakes", field).value_or(field);
      for (const std::string& line : render::wrap(label + ": " + about(c, id, field), width)) text += indent + line + "\n";
    }
    text += "\n";
  }
  return text;
}

int run_mistakes(const MistakesCommand& c) {
  write_rendered([&](const Format& format) { return format.name == "text" ? text_of(c) : format.table(table_of(c)); },
                 [&]() { return table_page(lessons::lesson(c.output.language).note("page", "mistakes").value_or(""), {}, table_of(c)); }, c.output);
  return exit_done;
}

}  // namespace

Run setup_mistakes(CLI::App& app) {
  auto command = std::make_shared<MistakesCommand>();
  app.add_option("ID", command->ids, "Mistakes to explain (default: all)")->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->group("Options");
  add_report_options(app, command->output);
  return [command]() { return run_mistakes(*command); };
}

}  // namespace attn::tools
