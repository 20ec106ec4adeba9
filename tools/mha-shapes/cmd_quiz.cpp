// Exercises with blanks, and their correction.
#include "../common/numbers.hpp"
#include "report.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>
#include <attn/io/file.hpp>
#include <attn/shapes/quiz.hpp>

#include <CLI/CLI.hpp>

#include <memory>
#include <sstream>

namespace attn::tools {
namespace {

struct QuizCommand {
  std::uint64_t seed = 0;
  std::size_t count = 6;
  std::string answers;
  OutputOptions output;
};

std::string question_of(const QuizCommand& c, const shapes::Exercise& exercise) {
  return say(c.output.language, "quiz.question",
             {{"name", std::string(shapes::impl_row(exercise.config.impl).python)},
              {"E", std::to_string(exercise.config.d_model)},
              {"H", std::to_string(exercise.config.heads)},
              {"found", to_string(exercise.call.query)},
              {"right", to_string(exercise.call.key)},
              {"step", exercise.row.step},
              {"list", exercise.row.operation}});
}

std::string trimmed(const std::string& text) {
  constexpr const char* blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

// One answer a line; "3: 20" and "20" both say 20. Blank lines and lines that begin with # are skipped.
std::vector<std::string> read_answers(const QuizCommand& c) {
  const std::string subject = "--answers " + c.answers;
  const io::Bytes bytes = c.answers == "-" ? io::load_stdin(subject) : io::load_file(c.answers, subject);
  std::istringstream lines{std::string(bytes.text())};
  std::vector<std::string> answers;
  for (std::string line; std::getline(lines, line);) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(':');
    answers.push_back(trimmed(line.substr(colon == std::string::npos ? 0 : colon + 1)));
  }
  if (answers.size() != c.count) {
    throw InputError(subject, "has " + std::to_string(answers.size()) + " answers, expected " + std::to_string(c.count) + ", one a line");
  }
  return answers;
}

int run(const QuizCommand& c) {
  const std::vector<shapes::Exercise> exercises = shapes::make_quiz(c.seed, c.count);
  const bool checks = !c.answers.empty();
  const std::vector<std::string> answers = checks ? read_answers(c) : std::vector<std::string>();
  std::size_t right = 0;
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    Report report;
    report.rows_key = "exercises";
    report.title = say(language, "quiz.title");
    report.table.columns = {column(language, "number"), column(language, "question"), column(language, "shape")};
    if (checks) {
      for (const char* key : {"given", "answer", "correct"}) report.table.columns.push_back(column(language, key));
    }
    right = 0;
    for (std::size_t i = 0; i < exercises.size(); ++i) {
      report.table.rows.push_back({cell(i + 1), question_of(c, exercises[i]), shapes::with_blank(exercises[i])});
      if (!checks) continue;
      const bool correct = answers[i] == std::to_string(exercises[i].answer);
      right += correct ? 1 : 0;
      report.table.rows.back().insert(report.table.rows.back().end(), {render::Cell(answers[i]), cell(exercises[i].answer), render::Cell(correct)});
    }
    report.facts = {{"tool", "mha-shapes quiz"}, {"seed", c.seed}};
    if (checks) {
      report.facts.emplace_back("correct", std::uint64_t{right});
      report.closing = {say(language, "quiz.result", {{"found", std::to_string(right)}, {"expected", std::to_string(c.count)}})};
    } else if (c.output.notes) {
      report.closing = {say(language, "quiz.how")};
    }
    return report;
  };
  write(make, c.output);
  return checks && right != c.count ? exit_different : exit_done;
}

}  // namespace

Run setup_quiz(CLI::App& app) {
  auto c = std::make_shared<QuizCommand>();
  QuizCommand* raw = c.get();
  app.add_option_function<std::string>("--seed", [raw](const std::string& text) { raw->seed = parse_whole("--seed", text); }, "Which exercises (default 0)")
      ->type_name("N")->group("Options");
  app.add_option_function<std::string>("--count", [raw](const std::string& text) { raw->count = parse_whole("--count", text, 1, 1000); }, "How many (default 6)")
      ->type_name("N")->group("Options");
  app.add_option("--answers", c->answers, "Check the answers of this file, one a line; - is standard input")->type_name("FILE")->group("Options");
  add_report_options(app, c->output);
  return [c]() { return run(*c); };
}

}  // namespace attn::tools
