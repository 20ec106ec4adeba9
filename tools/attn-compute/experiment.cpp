#include "experiment.hpp"

#include <fmt/format.h>

#include <cmath>

namespace attn::tools {

std::string experiment_word(const OutputOptions& output, const std::string& name, const lessons::Placeholders& values) {
  return lessons::lesson(output.language).note("experiment", name, values).value_or(name);
}

TableReport experiment_report(const OutputOptions& output, const std::string& name, std::uint64_t seed, const lessons::Placeholders& values) {
  TableReport report;
  report.title = experiment_word(output, name + "_title");
  report.introduction = lessons::lesson(output.language).paragraphs("experiment", name, values);
  report.closing = lessons::lesson(output.language).paragraphs("experiment", name + "_closing", values);
  report.header = {{"tool", "attn-compute"}, {"version", ATTNSCOPE_VERSION}, {"command", name}, {"seed", seed}};
  return report;
}

std::string estimate_text(const Estimate& estimate, const OutputOptions& output) {
  const int digits = output.precision.value_or(4);
  // A number that so many digits after the point would hide keeps its first ones.
  if (estimate.mean != 0 && std::abs(estimate.mean) < std::pow(10, 1 - digits)) return fmt::format("{:.2e} ± {:.0e}", estimate.mean, estimate.error);
  return fmt::format("{:.{}f} ± {:.{}f}", estimate.mean, digits, estimate.error, digits);
}

void add_estimate_columns(render::Table& table, const std::string& key) {
  table.columns.push_back({key, render::Alignment::right});
  table.columns.push_back({key + "_error", render::Alignment::right});
}

void add_estimate_cells(std::vector<render::Cell>& row, const Estimate& estimate) {
  row.emplace_back(estimate.mean);
  row.emplace_back(estimate.error);
}

void add_point(render::Curve& curve, double x, const Estimate& y) {
  curve.x.push_back(x);
  curve.y.push_back(y.mean);
  curve.error.push_back(y.error);
}

}  // namespace attn::tools
