#include "verify_options.hpp"

#include "numbers.hpp"
#include "suggest.hpp"

#include <attn/error.hpp>
#include <attn/lessons/lesson.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace attn::tools {
namespace {

constexpr const char* group = "Verification";

NameMap parse_map(const std::string& text) {
  NameMap map;
  for (const std::string& part : parse_list("--map", text)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == part.size()) {
      throw UsageError("--map", fmt::format("expected THEIRS=OURS,…, found '{}'", part));
    }
    map.emplace_back(part.substr(0, equals), part.substr(equals + 1));
  }
  return map;
}

double parse_tolerance(const std::string& option, const std::string& text) {
  const double number = parse_number(option, text);
  if (number < 0) throw UsageError(option, fmt::format("expected a number, 0 or more, found '{}'", text));
  return number;
}

void add_text(CLI::App& app, const char* option, const char* type, const char* help, std::function<void(const std::string&)> set) {
  app.add_option_function<std::string>(option, std::move(set), help)->type_name(type)->group(group);
}

bool is_about_positions(const std::string& id) { return id[0] == 'E' || id[0] == 'R' || id.compare(0, 2, "AL") == 0; }

// Why a mistake of the catalogue is not one of these subcommand's; empty for an id that is in no catalogue.
std::string why_not_here(const std::string& id, const std::vector<std::string>& possible) {
  const auto among = [&](std::initializer_list<const char*> ids) { return std::find(ids.begin(), ids.end(), id) != ids.end(); };
  if (among({"S1", "S2"})) return "is about shapes, and stops a program before there is any tensor";
  if (!lessons::mistake_lesson(lessons::Language::en).note(id, "title", {})) return "";
  const bool has_positions = std::any_of(possible.begin(), possible.end(), is_about_positions);
  if (is_about_positions(id) && !has_positions) return "is about positions, which this run has none of";
  return "is not about what this run computes";
}

}  // namespace

void add_verify_options(CLI::App& app, VerifyCommandOptions& o) {
  app.add_option("--verify", o.files, "Hold the tensors of these files against this run; exit 1 if they differ")
      ->type_name("FILE…")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(group);
  add_text(app, "--map", "THEIRS=OURS,…", "Which of their tensors is which step, where the names do not tell",
           [&o](const std::string& text) { o.map = parse_map(text); });
  add_text(app, "--rtol", "X", "Relative tolerance, together with --atol (default: what float32 rounding explains)",
           [&o](const std::string& text) { o.rtol = parse_tolerance("--rtol", text); });
  add_text(app, "--atol", "X", "Absolute tolerance, together with --rtol",
           [&o](const std::string& text) { o.atol = parse_tolerance("--atol", text); });
  app.add_flag("--equal-nan", o.equal_nan, "NaN on both sides is equal")->group(group);
}

void add_worksheet_checks(CLI::App& app, VerifyCommandOptions& o) {
  add_text(app, "--decimals", "N", "Numbers rounded to N decimals are right: half a unit either way (for worksheets)",
           [&o](const std::string& text) { o.decimals = static_cast<int>(parse_whole("--decimals", text, 0, 15)); });
  add_text(app, "--hint", "LEVEL", "Say only that something is wrong (1), also where (2), also why (3); never our numbers",
           [&o](const std::string& text) { o.hint = static_cast<int>(parse_whole("--hint", text, 1, 3)); });
}

void add_mistake_option(CLI::App& app, VerifyCommandOptions& o) {
  add_text(app, "--mistake", "ID,…", "Make these mistakes on purpose (attn-compute mistakes lists them)",
           [&o](const std::string& text) { o.mistakes = parse_list("--mistake", text); });
}

void check_verify_options(const VerifyCommandOptions& o, Precision dtype, const std::function<std::vector<std::string>()>& ids_of_mistakes) {
  if (o.rtol.has_value() != o.atol.has_value()) throw UsageError(o.rtol ? "--rtol" : "--atol", "give --rtol and --atol together, or neither");
  if (o.decimals && o.rtol) throw UsageError("--decimals", "is a tolerance of its own; give it or --rtol and --atol");
  const bool verifies = !o.files.empty();
  if (std::find(o.files.begin(), o.files.end(), "") != o.files.end()) throw UsageError("--verify", "expected a file, found ''");
  if (!verifies && (o.rtol || o.equal_nan || !o.map.empty())) throw UsageError("", "--map, --rtol, --atol and --equal-nan need --verify");
  if (!verifies && (o.decimals || o.hint > 0)) throw UsageError(o.decimals ? "--decimals" : "--hint", "needs --verify");
  if (verifies && !o.mistakes.empty()) throw UsageError("--mistake", "cannot be combined with --verify");
  if ((verifies || !o.mistakes.empty()) && dtype != Precision::float64) {
    throw UsageError("--dtype", "verification and mistakes are computed in float64");
  }
  if (o.mistakes.empty()) return;
  const std::vector<std::string> ids = ids_of_mistakes();
  for (const std::string& id : o.mistakes) {
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    if (const std::string reason = why_not_here(id, ids); !reason.empty()) throw UsageError("--mistake " + id, "cannot be made here: it " + reason);
    throw UsageError("--mistake", fmt::format("no mistake '{}' that can be made{} (attn-compute mistakes lists them)", id, did_you_mean(id, ids)));
  }
}

}  // namespace attn::tools
