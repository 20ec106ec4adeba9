// P·Pᵀ depends on the distance of two positions only, and falls off at first.
#include "../common/array_report.hpp"
#include "../common/memory_budget.hpp"
#include "../common/run_options.hpp"
#include "../common/picture.hpp"
#include "encoding_runs.hpp"
#include "encoding_verify.hpp"
#include "similarity_report.hpp"
#include "sinusoidal_options.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/verify/posenc_mistakes.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

constexpr std::size_t default_len = 60, default_width = 32;

struct SimilarityCommand {
  TableOptions shape;
  RunOptions run;
  OutputOptions output;
  PictureOptions picture;
  VerifyCommandOptions verify;
};

template <class T>
Tensor<T> table_of(const SimilarityCommand& c, const SinusoidalOptions& options, std::size_t len) {
  if (c.verify.mistakes.empty()) return sinusoidal<T>(len, options);
  const Tensor<double> wrong = posenc::mistaken_sinusoidal(c.verify.mistakes, options, len);
  Tensor<T> table = empty<T>(shape_of(wrong));
  std::transform(wrong.data(), wrong.data() + wrong.size(), table.data(), [](double value) { return static_cast<T>(value); });
  return table;
}

template <class T>
int run_similarity(const SimilarityCommand& c) {
  const std::size_t len = c.shape.len.value_or(default_len);
  MemoryBudget budget(c.run.max_memory);
  const SinusoidalOptions options = options_of(c.shape, default_width, budget);
  budget.charge({len, options.d_model}, sizeof(T), "the table");
  budget.charge({len, len}, sizeof(T), "its products");
  if (!c.verify.files.empty()) {
    EncodingReport words{c.output, {sinusoidal_columns(options).size()}};
    words.unnamed = Step::position_dots;
    words.max_memory = budget.left();
    return verify_encoding_files(c.verify, similarity_run(sinusoidal<double>(len, options), &options), words);
  }
  const Similarity<T> result = similarity(table_of<T>(c, options, len));
  const std::vector<render::Plot> plots = similarity_plots(posenc_word(c.output, "similarity_title"), c.output, result);
  if (write_picture(plots, c.picture, c.output)) return exit_done;
  const auto make = [&]() {
    ArrayReport report;
    report.document.title = posenc_word(c.output, "similarity_title");
    report.document.introduction = posenc_notes(c.output, "similarity");
    report.document.sections.push_back(similarity_section(c.output, result));
    report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "similarity"}, {"dtype", to_string(c.run.dtype)},
                     {"spread_on_diagonals", result.spread}, {"monotone_to", static_cast<std::uint64_t>(result.monotone_to)}};
    report.arrays.push_back({std::string(name_of(Step::position_dots)), "P·Pᵀ", {"position", "position"}, result.dots});
    report.row_name = "position";
    report.drawing = drawings_of(plots, c.picture, c.output);
    add_mistakes(report, c.verify, c.output);
    return report;
  };
  write_array_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_similarity(CLI::App& app) {
  auto command = std::make_shared<SimilarityCommand>();
  add_table_shape(app, command->shape, "60", "32");
  add_number_options(app, command->run);
  add_picture_options(app, command->picture, command->output, Drawings::heatmap_and_curves);
  add_verify_options(app, command->verify);
  add_worksheet_checks(app, command->verify);
  add_mistake_option(app, command->verify);
  add_array_options(app, command->output);
  return [command]() {
    check_encoding_verify(command->verify, command->run.dtype, command->picture, posenc::sinusoidal_mistakes());
    return with_precision(command->run.dtype, [&](auto t) { return run_similarity<decltype(t)>(*command); });
  };
}

}  // namespace attn::tools
