#include "measurement_report.hpp"

#include "../common/formats.hpp"
#include "../common/memory_budget.hpp"
#include "cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace attn::tools {
namespace {

using cost::Count;
using cost::Letter;
using cost::Verdict;

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::agrees: return "agrees";
    case Verdict::differs: return "differs";
    case Verdict::too_small: return "too_small";
    case Verdict::noisy: return "noisy";
    case Verdict::changing: return "changing";
  }
  return "";
}

double flops_of(const Measurement& m) { return cost::to_double(cost::measured_flops(m.layer).value(m.values)); }

// Twelve columns do not fit the usual page without breaking the names of the layers.
constexpr std::size_t wide_page = 120;

// Digits after the point as --precision asks, else as many as the number is worth.
std::string decimals(double number, const OutputOptions& output, int usual) {
  return fmt::format("{:.{}f}", number, output.precision.value_or(usual));
}

// "1.23 ms"
std::string readable_seconds(double seconds, const OutputOptions& output) {
  const auto [factor, unit] = seconds < 1e-3 ? std::pair(1e6, "µs") : seconds < 1 ? std::pair(1e3, "ms") : std::pair(1.0, "s");
  const double number = seconds * factor;
  if (output.precision) return decimals(number, output, 0) + " " + unit;
  return number < 1000 ? fmt::format("{:#.3g} {}", number, unit) : fmt::format("{:.0f} {}", number, unit);
}

const Measurement* find(const std::vector<Measurement>& all, const Measurement& like, Count threads) {
  for (const Measurement& m : all) {
    if (m.layer == like.layer && m.threads == threads && m.values.numbers == like.values.numbers) return &m;
  }
  return nullptr;
}

/// How much faster than the first series with the same layer and sizes; 1 for that series itself.
double speedup(const std::vector<Measurement>& all, const Measurement& m) {
  const Measurement* first = find(all, m, all.front().threads);
  return first->time.least / m.time.least;
}

render::Table tidy(const std::vector<Measurement>& all) {
  render::Table table;
  for (const char* key : {"layer", "threads", "n", "d", "k", "median_seconds", "first_quartile", "third_quartile", "least", "largest",
                          "samples", "outliers", "flops", "bytes", "gflops_per_second", "speedup"}) {
    table.columns.push_back({key});
  }
  for (const Measurement& m : all) {
    const cost::Summary& t = m.time;
    table.rows.push_back({cost::layer_info(m.layer).key, exact_cell(m.threads), exact_cell(m.values[Letter::n]), exact_cell(m.values[Letter::d]),
                          exact_cell(m.values[Letter::k]), t.median, t.first_quartile, t.third_quartile, t.least, t.largest,
                          static_cast<std::int64_t>(t.count), static_cast<std::int64_t>(t.outliers),
                          exact_cell(cost::measured_flops(m.layer).value(m.values)), exact_cell(cost::measured_bytes(m.layer).value(m.values)),
                          flops_of(m) / t.least / 1e9, speedup(all, m)});
  }
  return table;
}

TitledTable times(const std::vector<Measurement>& all, const OutputOptions& output) {
  const lessons::Language language = output.language;
  TitledTable part{phrase(language, "title.times"), {}, paragraphs(language, "note.times"), wide_page};
  part.table.columns.push_back(words_column(language, "layer"));
  for (const char* key : {"threads", "n", "d", "least", "median", "spread", "outliers", "flops", "bytes", "rate", "speedup"}) {
    part.table.columns.push_back(number_column(language, key));
  }
  for (const Measurement& m : all) {
    const auto bytes = static_cast<std::size_t>(cost::measured_bytes(m.layer).value(m.values));
    part.table.rows.push_back({layer_name(language, m.layer), readable_cell(m.threads), readable_cell(m.values[Letter::n]),
                               readable_cell(m.values[Letter::d]), readable_seconds(m.time.least, output), readable_seconds(m.time.median, output),
                               decimals(100 * m.time.spread() / m.time.median, output, 0) + " %", readable_cell(static_cast<Count>(m.time.outliers)),
                               fmt::format("{:.3g}", flops_of(m)), readable_bytes(bytes), decimals(flops_of(m) / m.time.least / 1e9, output, 1),
                               decimals(speedup(all, m), output, 2)});
  }
  return part;
}

TitledTable exponents(const std::vector<Fit>& fits, const OutputOptions& output) {
  const lessons::Language language = output.language;
  TitledTable part{phrase(language, "title.exponents"), {}, paragraphs(language, "note.exponents"), wide_page};
  part.table.columns = {words_column(language, "layer"), number_column(language, "threads"), words_column(language, "letter"),
                        number_column(language, "exponent"), number_column(language, "theory"), words_column(language, "verdict"),
                        words_column(language, "local")};
  for (const Fit& fit : fits) {
    std::string local;
    for (const double exponent : fit.law.local_exponents) local += (local.empty() ? "" : ", ") + decimals(exponent, output, 2);
    const std::string margin = std::isfinite(fit.law.margin) ? " ± " + decimals(fit.law.margin, output, 2) : std::string();
    part.table.rows.push_back({layer_name(language, fit.layer), readable_cell(fit.threads),
                               cost::letter_table()[static_cast<std::size_t>(fit.letter)].name,
                               decimals(fit.law.exponent, output, 2) + margin, fmt::format("{:g}", fit.theory),
                               phrase(language, std::string("verdict.") + verdict_name(fit.verdict)), local});
  }
  return part;
}

TitledTable machine_table(const cost::Machine& machine, lessons::Language language) {
  TitledTable part{phrase(language, "title.machine"), {}, {}};
  for (const char* key : {"property", "found"}) part.table.columns.push_back(words_column(language, key));
  const auto append = [&](const char* key, const std::string& value) {
    part.table.rows.push_back({phrase(language, std::string("machine.") + key), value.empty() ? std::string("—") : value});
  };
  append("processor", machine.processor);
  append("cores", std::to_string(machine.cores));
  append("cache", machine.cache > 0 ? readable_bytes(machine.cache) : "");
  append("memory", machine.memory > 0 ? readable_bytes(machine.memory) : "");
  append("system", machine.system);
  append("compiler", machine.compiler);
  append("blas", machine.blas);
  append("load", machine.load >= 0 ? fmt::format("{:.2f}", machine.load) : "");
  return part;
}

render::Json json_of(const cost::Machine& machine) {
  return render::JsonObject{{"processor", machine.processor}, {"cores", static_cast<std::uint64_t>(machine.cores)},
                            {"cache_bytes", static_cast<std::uint64_t>(machine.cache)},
                            {"memory_bytes", static_cast<std::uint64_t>(machine.memory)}, {"system", machine.system},
                            {"compiler", machine.compiler}, {"blas", machine.blas}, {"load", machine.load}, {"busy", machine.busy()}};
}

render::Json json_of(const std::vector<Fit>& fits) {
  render::JsonArray array;
  for (const Fit& fit : fits) {
    render::JsonArray local(fit.law.local_exponents.begin(), fit.law.local_exponents.end());
    array.emplace_back(render::JsonObject{{"layer", cost::layer_info(fit.layer).key}, {"threads", exact_json(fit.threads)},
                                          {"letter", cost::letter_table()[static_cast<std::size_t>(fit.letter)].name},
                                          {"exponent", fit.law.exponent}, {"margin", fit.law.margin}, {"theory", fit.theory},
                                          {"verdict", verdict_name(fit.verdict)}, {"points", static_cast<std::uint64_t>(fit.law.points)},
                                          {"range", fit.law.range}, {"local_exponents", std::move(local)}});
  }
  return array;
}

}  // namespace

std::vector<Fit> fits_of(const std::vector<Measurement>& measurements, const LayerOptions& sizes) {
  std::vector<Fit> fits;
  for (const Measurement& first : measurements) {
    if (first.values[Letter::n] != sizes.len.front() || first.values[Letter::d] != sizes.d_model.front()) continue;
    for (const Letter letter : {Letter::n, Letter::d}) {
      const Letter other = letter == Letter::n ? Letter::d : Letter::n;
      std::vector<double> x, y;
      for (const Measurement& m : measurements) {
        if (m.layer != first.layer || m.threads != first.threads || m.values[other] != first.values[other]) continue;
        x.push_back(cost::to_double(m.values[letter]));
        y.push_back(m.time.least);
      }
      if (x.size() < 2) continue;
      const cost::PowerLaw law = cost::fit_power_law(x, y);
      const double theory = cost::layer_info(first.layer).order.degree(letter);
      fits.push_back({first.layer, letter, first.threads, law, theory, cost::judge(law, theory)});
    }
  }
  return fits;
}

std::vector<render::Plot> plots_of(const std::vector<Measurement>& measurements, const std::vector<Fit>& fits,
                                   lessons::Language language) {
  std::vector<render::Plot> plots;
  for (const Letter letter : {Letter::n, Letter::d}) {
    const Letter other = letter == Letter::n ? Letter::d : Letter::n;
    render::Plot plot;
    plot.title = phrase(language, "title.times");
    plot.x_label = cost::letter_table()[static_cast<std::size_t>(letter)].name;
    plot.y_label = phrase(language, "measure.seconds");
    plot.log_x = plot.log_y = true;
    for (const Fit& fit : fits) {
      if (fit.letter != letter) continue;
      const std::string name = layer_name(language, fit.layer) + " × " + cost::to_string(fit.threads);
      render::Curve points{name, {}, {}, true}, line{name + " O(" + cost::layer_info(fit.layer).order.text() + ")", {}, {}, false};
      for (const Measurement& m : measurements) {
        if (m.layer != fit.layer || m.threads != fit.threads || m.values[other] != measurements.front().values[other]) continue;
        points.x.push_back(cost::to_double(m.values[letter]));
        points.y.push_back(m.time.least);
      }
      // Through the largest size, where the law holds best.
      const auto largest = static_cast<std::size_t>(std::max_element(points.x.begin(), points.x.end()) - points.x.begin());
      for (const double x : points.x) {
        line.x.push_back(x);
        line.y.push_back(points.y[largest] * std::pow(x / points.x[largest], fit.theory));
      }
      plot.curves.push_back(std::move(points));
      plot.curves.push_back(std::move(line));
    }
    if (!plot.curves.empty()) plots.push_back(std::move(plot));
  }
  return plots;
}

namespace {

/// "With 2 threads instead of 1, on average: convolution 1.91 times as fast, RNN 1.12, …" and why; empty for one
/// series. Averages are geometric, over the sizes.
std::string threads_sentence(const std::vector<Measurement>& all, const OutputOptions& output) {
  const Count first = all.front().threads, last = all.back().threads;
  if (first == last) return "";
  std::string list;
  for (const cost::LayerInfo& row : cost::layer_table()) {
    double logarithms = 0;
    int count = 0;
    for (const Measurement& m : all) {
      if (m.layer != row.layer || m.threads != last) continue;
      logarithms += std::log(speedup(all, m));
      ++count;
    }
    if (count > 0) list += (list.empty() ? "" : ", ") + layer_name(output.language, row.layer) + " " + decimals(std::exp(logarithms / count), output, 2);
  }
  return lessons::lesson(output.language)
      .note("complexity.measure.threads", "", {{"found", cost::to_string(last)}, {"expected", cost::to_string(first)}, {"list", list}})
      .value_or("");
}

}  // namespace

void require_table_output(const OutputOptions& output) { require_table_format(chosen_format(output)); }

void write_measurements(const std::vector<Measurement>& measurements, const std::vector<Fit>& fits,
                        const cost::Machine& machine, const cost::Repetition& repetition, const OutputOptions& output) {
  const auto make = [&]() {
    const lessons::Language language = output.language;
    TableReport report;
    report.title = phrase(language, "title.measure");
    report.introduction = paragraphs(language, "intro.measure");
    report.tables = {times(measurements, output), exponents(fits, output), machine_table(machine, language)};
    if (const std::string sentence = threads_sentence(measurements, output); !sentence.empty()) report.closing.push_back(sentence);
    std::size_t outliers = 0;
    for (const Measurement& m : measurements) outliers += m.time.outliers;
    if (outliers > 0) report.closing.push_back(phrase(language, "measure.outliers") + " " + std::to_string(outliers));
    if (machine.busy()) report.closing.push_back(phrase(language, "measure.busy") + " " + fmt::format("{:.2f}", machine.load));
    report.header = {{"tool", "complexity-compare"}, {"version", ATTNSCOPE_VERSION}, {"command", "measure"}, {"machine", json_of(machine)},
                     {"warm_ups", static_cast<std::uint64_t>(repetition.warm_ups)}, {"rounds", static_cast<std::uint64_t>(repetition.repetitions)}, {"fits", json_of(fits)},
                     {"outliers", static_cast<std::uint64_t>(outliers)}};
    report.rows = tidy(measurements);
    return report;
  };
  write_table_report(make, output);
}

}  // namespace attn::tools
