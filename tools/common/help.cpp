#include "help.hpp"

#include <attn/render/display_width.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace attn::tools {
namespace {

constexpr std::size_t page_width = 100;
constexpr std::size_t help_column = 28;

// "-f, --format FORMAT"
std::string usage_of(const CLI::Option& option) {
  std::string text;
  for (const std::string& name : option.get_snames()) text += "-" + name + ", ";
  std::string separator;
  for (const std::string& name : option.get_lnames()) {
    text += separator + "--" + name;
    separator = ", ";
  }
  if (option.get_items_expected_max() > 0 && option.get_type_size() != 0) text += (text.empty() ? "" : " ") + option.get_type_name();
  return text;
}

// The option, then its help from a fixed column on; lines of the help that are its own stay its own.
std::string entry_of(const CLI::Option& option) {
  const std::string usage = "  " + usage_of(option);
  std::string text = usage;
  std::size_t column = render::display_width(usage);
  const std::string help = option.get_description();
  for (std::size_t start = 0; start <= help.size();) {
    const std::size_t end = std::min(help.find('\n', start), help.size());
    for (const std::string& line : render::wrap(help.substr(start, end - start), page_width - help_column)) {
      if (column + 2 > help_column) {
        text += "\n";
        column = 0;
      }
      text += std::string(help_column - column, ' ') + line + "\n";
      column = 0;
    }
    start = end + 1;
  }
  return text;
}

// What a run reads first, what it computes, and how it is shown last; between them whatever else a
// subcommand has, in the order in which it added it.
std::vector<std::string> groups_of(const CLI::App& app) {
  std::vector<std::string> groups = {"Tensors", "Sizes", "Weights", "Scores", "Masks"};
  const std::vector<std::string> last = {"Numbers", "Verification", "Output", "Options"};
  const auto listed = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const CLI::Option* option : app.get_options()) {
    const std::string group = option->get_group();
    if (!listed(groups, group) && !listed(last, group)) groups.push_back(group);
  }
  groups.insert(groups.end(), last.begin(), last.end());
  return groups;
}

}  // namespace

std::string help_of_subcommand(const CLI::App& app, const std::string& name, const std::string& summary,
                               const std::string& examples) {
  std::string text = fmt::format("{} - {}\n\nExamples:\n{}\nUsage: {} [OPTION…]\n", name, summary, examples, name);
  for (const std::string& group : groups_of(app)) {
    const auto options = app.get_options([&group](const CLI::Option* option) { return option->get_group() == group; });
    if (options.empty()) continue;
    text += "\n" + group + ":\n";
    for (const CLI::Option* option : options) text += entry_of(*option);
  }
  const auto tensors = app.get_options([](const CLI::Option* option) { return option->get_group() == "Tensors"; });
  if (!tensors.empty()) {
    text +=
        "\nT is a tensor: FILE.npy, FILE.npz:NAME, FILE.safetensors:NAME, FILE.csv, FILE.json[:NAME], - (standard\n"
        "input), a literal such as '[[1,2],[3,4]]', or a generator: randn:2x3x4, rand:…, ones:…, zeros:…, arange:….\n";
  }
  text +=
      "\nExit codes: 0 done or equal, 1 different, 2 usage, 3 input refused, 4 the system refused, 5 a limit,\n"
      "6 not finite (--strict), 70 our bug.\n";
  return text;
}

}  // namespace attn::tools
