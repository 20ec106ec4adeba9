#include "run_tool.hpp"

#include "help.hpp"
#include "suggest.hpp"

#include <attn/error.hpp>
#include <attn/io/names.hpp>
#include <attn/io/sink.hpp>
#include <attn/io/temporaries.hpp>
#include <attn/render/display_width.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>

#include <unistd.h>

namespace attn::tools {
namespace {

void print(const std::string& text) {
  io::StdoutSink out;
  out.write(text);
  out.finish();
}

// An interrupted run leaves no temporary file behind, and still ends the way the signal says.
void end_by_signal(int signal) {
  io::remove_temporaries();
  std::signal(signal, SIG_DFL);
  raise(signal);
}

std::vector<std::string> subcommand_names(const Tool& tool) {
  std::vector<std::string> names;
  for (const Subcommand& subcommand : tool.subcommands) names.push_back(subcommand.name);
  return names;
}

std::string version_of(const Tool& tool) { return fmt::format("{} {}\n", tool.name, ATTNSCOPE_VERSION); }

std::string help_of_tool(const Tool& tool, bool has_version = true) {
  std::string help = fmt::format("{} - {}\n\nExamples:\n{}\nSubcommands ({} SUBCOMMAND --help explains one):\n",
                                 tool.name, tool.summary, tool.examples, tool.name);
  std::size_t width = std::string("--version ").size();
  for (const Subcommand& subcommand : tool.subcommands) width = std::max(width, subcommand.name.size() + 1);
  for (const Subcommand& subcommand : tool.subcommands) {
    help += fmt::format("  {:<{}} {}\n", subcommand.name, width, subcommand.summary);
  }
  help += fmt::format("\n  {:<{}} {}\n", "--help", width, "print this");
  if (has_version) help += fmt::format("  {:<{}} {}\n", "--version", width, "print the version");
  return help;
}

const Subcommand& find_subcommand(const Tool& tool, const std::string& name) {
  const auto found = std::find_if(tool.subcommands.begin(), tool.subcommands.end(),
                                  [&](const Subcommand& subcommand) { return subcommand.name == name; });
  if (found != tool.subcommands.end()) return *found;
  const std::vector<std::string> names = subcommand_names(tool);
  throw UsageError("", fmt::format("unknown subcommand '{}'{} (one of {})", name, did_you_mean(name, names),
                                   fmt::join(names, ", ")));
}

// CLI11 says only that something is left over; name it, and the option that was meant.
UsageError unknown_arguments(const CLI::App& app) {
  std::vector<std::string> left_over = app.remaining();
  if (left_over.size() > 1 && left_over.front() == "--") left_over.erase(left_over.begin());
  const std::string argument = left_over.empty() ? "" : left_over.front();
  if (argument.rfind('-', 0) != 0 || argument == "-") {
    return UsageError("", fmt::format("unexpected argument '{}'", argument));
  }
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  const std::string name = argument.substr(0, argument.find('='));
  return UsageError("", fmt::format("unknown option '{}'{}", name, did_you_mean(name, known)));
}

// CLI11 counts: "--batch: 1 required N missing", "--batch: At Most 1 required but received 2".
UsageError wrong_count_of_values(const std::string& counted) {
  const std::size_t colon = counted.find(": ");
  const std::string option = counted.substr(0, colon);
  if (counted.find("missing") != std::string::npos) return UsageError(option, "expected a value behind it, found nothing");
  if (counted.find("At Most 1 ") != std::string::npos) return UsageError(option, "is given more than once");
  return UsageError("", counted);
}

// CLI11 quietly accepts --causal=3; a flag has no value to take.
void refuse_values_of_flags(const CLI::App& app, int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (argument.rfind("--", 0) != 0 || equals == std::string::npos) continue;
    const std::string name = argument.substr(0, equals);
    const CLI::Option* option = app.get_option_no_throw(name);
    if (option && option->get_items_expected_max() == 0) throw UsageError(name, "takes no value, found '" + argument.substr(equals + 1) + "'");
  }
}

int run_subcommand(const Tool& tool, const Subcommand& subcommand, int argc, const char* const* argv) {
  CLI::App app;
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("--version", version_of(tool), "Print the version and exit");
  const Run run = subcommand.setup(app);
  refuse_values_of_flags(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(help_of_subcommand(app, tool.name + " " + subcommand.name, subcommand.summary, subcommand.examples));
    return exit_done;
  } catch (const CLI::CallForVersion&) {
    print(version_of(tool));
    return exit_done;
  } catch (const CLI::ExtrasError&) {
    throw unknown_arguments(app);
  } catch (const CLI::ArgumentMismatch& error) {
    throw wrong_count_of_values(error.what());
  } catch (const CLI::ParseError& error) {
    std::string problem = error.what();
    std::replace(problem.begin(), problem.end(), '\n', ' ');
    throw UsageError("", problem);
  }
  return run();
}

// A subcommand with forms is a tool in small: it has no version, and a form to begin with.
int run_form(const Tool& tool, const Subcommand& subcommand, int argc, const char* const* argv) {
  const Tool forms = {tool.name + " " + subcommand.name, subcommand.summary, subcommand.examples, subcommand.forms};
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "--help" || first == "-h" || first == "help") {
    print(help_of_tool(forms, false));
    return exit_done;
  }
  if (first.empty() || first[0] == '-') return run_subcommand(forms, forms.subcommands.front(), argc, argv);
  return run_subcommand(forms, find_subcommand(forms, first), argc - 1, argv + 1);
}

int dispatch(const Tool& tool, int argc, const char* const* argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "--help" || first == "-h" || first == "help") {
    print(help_of_tool(tool));
    return exit_done;
  }
  if (first == "--version") {
    print(version_of(tool));
    return exit_done;
  }
  if (first.empty()) {
    throw UsageError("", fmt::format("expected a subcommand: one of {} (see {} --help)",
                                     fmt::join(subcommand_names(tool), ", "), tool.name));
  }
  if (first[0] == '-') {
    throw UsageError("", fmt::format("unknown option '{}'; options come after the subcommand", first));
  }
  const Subcommand& subcommand = find_subcommand(tool, first);
  if (!subcommand.forms.empty()) return run_form(tool, subcommand, argc - 1, argv + 1);
  return run_subcommand(tool, subcommand, argc - 1, argv + 1);
}

int report(const Tool& tool, const std::string& problem, int code) {
  // One line for people: whatever was typed is quoted in part when it is long.
  std::string line = io::one_line(problem);
  constexpr std::size_t longest = 800;
  if (line.size() > longest) line = render::clip(line, longest);
  std::fprintf(stderr, "%s: %s\n", tool.name.c_str(), line.c_str());
  return code;
}

}  // namespace

int run_tool(const Tool& tool, int argc, const char* const* argv) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    // What was to be ignored (nohup, a job in the background) stays so.
    if (std::signal(signal, end_by_signal) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
  try {
    return dispatch(tool, argc, argv);
  } catch (const Error& error) {
    return report(tool, error.what(), static_cast<int>(error.kind()));
  } catch (const std::bad_alloc&) {
    return report(tool, "out of memory", static_cast<int>(ErrorKind::limit));
  } catch (const std::exception& error) {
    return report(tool, fmt::format("internal error, please report it: {}", error.what()), exit_bug);
  }
}

}  // namespace attn::tools
