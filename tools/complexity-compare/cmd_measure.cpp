// The layers run for real: times beside counted operations, exponents beside theory.
#include "../common/choices.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/picture.hpp"
#include "../common/progress.hpp"
#include "cells.hpp"
#include "layer_options.hpp"
#include "measurement_report.hpp"
#include "ranges.hpp"
#include "subcommands.hpp"

#include <attn/cost/measure.hpp>
#include <attn/error.hpp>
#include <attn/ops/blas.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>

namespace attn::tools {
namespace {

using cost::Count;
using cost::Letter;

struct MeasureCommand {
  LayerOptions sizes;
  OutputOptions output;
  PictureOptions picture;
  cost::Repetition repetition;
  std::vector<Count> threads;
  std::size_t max_memory = 0;
};

// The lengths at the first width, then the widths at the first length: each point once.
std::vector<cost::Values> points_of(const LayerOptions& sizes) {
  std::vector<cost::Values> points;
  std::set<std::pair<Count, Count>> seen;
  const auto append = [&](Count n, Count d) {
    if (seen.insert({n, d}).second) points.push_back(values_of(sizes, n, d, sizes.kernel.front()));
  };
  for (const Count n : sizes.len) append(n, sizes.d_model.front());
  for (const Count d : sizes.d_model) append(sizes.len.front(), d);
  return points;
}

// The inputs of all cases stay while they are measured in turn.
void charge_all(const MeasureCommand& c, const std::vector<cost::Values>& points) {
  MemoryBudget budget(c.max_memory);
  for (const cost::Layer layer : c.sizes.layers) {
    for (const cost::Values& values : points) {
      const Count bytes = cost::measured_bytes(layer).value(values);
      const Count most = std::numeric_limits<std::int64_t>::max();
      budget.charge(static_cast<std::size_t>(std::min(bytes, most)),
                    fmt::format("{} with {}", cost::layer_info(layer).key, describe(values, {Letter::n, Letter::d})));
    }
  }
}

void require_measurable(const std::vector<cost::Layer>& layers) {
  std::vector<std::string> names;
  for (const cost::Layer layer : cost::measurable_layers()) names.emplace_back(cost::layer_info(layer).key);
  for (const cost::Layer layer : layers) {
    const std::string name = cost::layer_info(layer).key;
    if (std::count(names.begin(), names.end(), name) == 0) {
      throw UsageError("--layers", fmt::format("'{}' has no implementation to run; choose from {}", name, list_of_words(names)));
    }
  }
}

std::vector<Measurement> measure_all(const MeasureCommand& c, const std::vector<cost::Values>& points) {
  std::vector<Measurement> all;
  std::vector<cost::TimedCase> cases;
  std::vector<std::string> names;
  for (const cost::Layer layer : c.sizes.layers) {
    for (const cost::Values& values : points) {
      const std::function<void()> run = cost::make_workload(layer, values);
      for (const Count threads : c.threads) {
        all.push_back({layer, values, threads, {}});
        cases.push_back({[threads]() { set_blas_threads(static_cast<int>(threads)); }, run});
        names.push_back(fmt::format("{} {} × {}", cost::layer_info(layer).key, describe(values, {Letter::n, Letter::d}), cost::to_string(threads)));
      }
    }
  }
  Progress progress(cases.size() * (1 + c.repetition.repetitions));
  const auto samples = cost::time_cases(cases, c.repetition, [&](std::size_t index) { progress.step(names[index]); });
  for (std::size_t i = 0; i < all.size(); ++i) all[i].time = cost::summarize(samples[i]);
  // The report reads series by series: threads, then layers, then sizes.
  std::stable_sort(all.begin(), all.end(), [&](const Measurement& x, const Measurement& y) {
    const auto place = [&](Count threads) { return std::find(c.threads.begin(), c.threads.end(), threads) - c.threads.begin(); };
    return place(x.threads) < place(y.threads);
  });
  set_blas_threads(1);
  return all;
}

int run_measure(MeasureCommand& c) {
  check_destination(c.picture, c.output);
  if (!c.output.as_script) require_table_output(c.output);
  require_measurable(c.sizes.layers);
  const std::vector<cost::Values> points = points_of(c.sizes);
  charge_all(c, points);
  const cost::Machine machine = cost::describe_machine();
  if (c.threads.empty()) {
    c.threads = {1};
    if (machine.cores > 1) c.threads.push_back(static_cast<Count>(machine.cores));
  }
  const std::vector<Measurement> measurements = measure_all(c, points);
  const std::vector<Fit> fits = fits_of(measurements, c.sizes);
  if (write_picture(plots_of(measurements, fits, c.output.language), c.picture, c.output)) return exit_done;
  write_measurements(measurements, fits, machine, c.repetition, c.output);
  return exit_done;
}

void add_measurement_options(CLI::App& app, MeasureCommand& c) {
  const auto add = [&app](const std::string& option, const std::string& type, const std::string& help,
                          std::function<void(const std::string&)> set) {
    app.add_option_function<std::string>(option, std::move(set), help)->type_name(type)->group("Measurement");
  };
  add("--threads", "N,…", "Threads of BLAS, one series each (default: 1 and all cores)",
      [&c](const std::string& text) {
        c.threads = parse_sizes("--threads", text, 64);
        if (*std::max_element(c.threads.begin(), c.threads.end()) > 1024) {
          throw UsageError("--threads", fmt::format("expected at most 1024 threads, found '{}'", text));
        }
      });
  add("--repetitions", "N", "Rounds: samples of every point (default 9)",
      [&c](const std::string& text) { c.repetition.repetitions = parse_whole("--repetitions", text, 1, 100000); });
  add("--warm-ups", "N", "Runs before the first sample, 1 or more: they tell how long one takes (default 2)",
      [&c](const std::string& text) { c.repetition.warm_ups = parse_whole("--warm-ups", text, 1, 100000); });
  add("--max-memory", "SIZE", "Refuse to run beyond this, e.g. 512MiB or 4GiB (default: 80% of what is free)",
      [&c](const std::string& text) { c.max_memory = parse_bytes("--max-memory", text); });
}

}  // namespace

Run setup_measure(CLI::App& app) {
  auto command = std::make_shared<MeasureCommand>();
  command->sizes.heads = 1;
  command->sizes.len = {512, 768, 1024, 1536, 2048, 3072, 4096};
  command->sizes.d_model = cost::default_widths(cost::cache_size());
  add_layer_options(app, command->sizes, {"--len", "--d-model", "--kernel", "--layers"}, {"--len", "--d-model"});
  add_measurement_options(app, *command);
  add_picture_options(app, command->picture, command->output, Drawings::none);
  add_table_options(app, command->output);
  command->sizes.layers = {cost::Layer::convolution, cost::Layer::rnn, cost::Layer::self_attention, cost::Layer::linear_attention};
  return [command]() { return run_measure(*command); };
}

}  // namespace attn::tools
