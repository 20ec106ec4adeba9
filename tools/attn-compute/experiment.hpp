// What the experiments share: their words from the lesson files, estimates in tables, and curves with error bars.
#pragma once

#include "../common/output_options.hpp"
#include "../common/table_report.hpp"

#include <attn/experiments/estimate.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/plot.hpp>
#include <attn/render/table.hpp>

#include <string>

namespace attn::tools {

/// The note "experiment.<name>" as one line.
std::string experiment_word(const OutputOptions& output, const std::string& name, const lessons::Placeholders& values = {});

/// A report with the title and the notes of an experiment, and the head of its JSON.
TableReport experiment_report(const OutputOptions& output, const std::string& name, std::uint64_t seed, const lessons::Placeholders& values = {});

/// "0.1234 ± 0.0056" with --precision digits (default 4).
std::string estimate_text(const Estimate& estimate, const OutputOptions& output);

/// Two columns of a tidy table: "<key>" and "<key>_error".
void add_estimate_columns(render::Table& table, const std::string& key);
void add_estimate_cells(std::vector<render::Cell>& row, const Estimate& estimate);

/// Appends a point with its error bar.
void add_point(render::Curve& curve, double x, const Estimate& y);

}  // namespace attn::tools
