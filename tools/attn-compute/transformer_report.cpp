#include "transformer_report.hpp"

#include "stack_formula.hpp"

#include <attn/lessons/lesson.hpp>
#include <attn/render/number.hpp>
#include <attn/weights/transformer_weights.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace attn::tools {
namespace {

bool begins_with(const std::string& text, const std::string& beginning) {
  return text.compare(0, beginning.size(), beginning) == 0;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string word(lessons::Language language, const char* key) { return lessons::lesson(language).note("word", key).value_or(key); }

// The labels of an axis of a step: tokens of the sequence that the axis runs along.
std::vector<std::string> labels_of(const TransformerRun& run, const std::string& name, const std::string& axis) {
  const bool encoder = begins_with(name, path_of_stack(Stack::encoder));
  const bool cross = contains(name, "." + std::string(name_of(Block::cross)) + ".");
  if (axis == "Lq") return encoder ? run.source_tokens : run.target_tokens;
  if (axis == "Lk" || axis == "Ln") return encoder || cross ? run.source_tokens : run.target_tokens;
  return {};
}

render::Shading shading_of(Step step) {
  if (step == Step::weights || step == Step::exp) return render::Shading::unit;
  return step == Step::mask ? render::Shading::none : render::Shading::diverging;
}

// Lengths differ from stack to stack: those of the entry's own axes come last.
lessons::Placeholders placeholders(const TransformerRun& run, const TraceEntry* entry) {
  lessons::Placeholders values;
  for (const Letter& letter : letters()) values[std::string(letter.name)] = std::to_string(run.trace.sizes.*letter.size);
  const std::vector<std::string> axes = entry ? split_axes(entry->axes) : std::vector<std::string>{};
  for (std::size_t i = 0; i < axes.size(); ++i) values[axes[i]] = std::to_string(entry->tensor.shape()[i]);
  values["eps"] = fmt::format("{:g}", run.config.eps);
  values["scale"] = fmt::format("{:.4g}", run.config.attention_scale.value_or(1 / std::sqrt(static_cast<double>(run.config.sizes.head_dim))));
  return values;
}

render::Section section_of(const TransformerRun& run, const TraceEntry& entry, const OutputOptions& options) {
  const StepInfo& info = step_info(entry.step);
  render::Section section;
  section.name = entry.name;
  section.symbol = info.symbol;
  const StackFormula formula = stack_formula(run, entry, options.language);
  section.formula = formula.text;
  section.latex = formula.latex;
  section.meaning = lessons::meaning(options.language, entry.step);
  const std::vector<std::string> axes = split_axes(entry.axes);
  section.panel = render::Panel{entry.tensor, axes, {}, {}, shading_of(entry.step), false};
  if (axes.size() >= 2) {
    section.panel->row_labels = labels_of(run, entry.name, axes[axes.size() - 2]);
    section.panel->column_labels = labels_of(run, entry.name, axes.back());
  }
  return section;
}

const char* introduction_of(Family family) {
  switch (family) {
    case Family::encoder: return "transformer_encoder";
    case Family::decoder: return "transformer_decoder";
    case Family::encoder_decoder: return "transformer";
  }
  return "";
}

// The weights of the last decoder layer over the source, averaged over heads: row i for written token i.
std::vector<std::vector<double>> alignment_of(const TransformerRun& run) {
  std::vector<std::vector<double>> rows;
  if (run.config.family != Family::encoder_decoder || run.written.size() != 1) return rows;
  const std::string last = path_of_layer(path_of_stack(Stack::decoder), run.config.sizes.decoder_layers - 1);
  const std::string name = path_of_block(last, Block::cross) + std::string(name_of(Step::weights));
  const auto entry = std::find_if(run.trace.entries.begin(), run.trace.entries.end(), [&name](const TraceEntry& each) { return each.name == name; });
  if (entry == run.trace.entries.end()) return rows;
  const Shape& shape = entry->tensor.shape();
  const std::size_t first = shape[2] - run.written_tokens.size();
  for (std::size_t i = 0; i < run.written_tokens.size(); ++i) {
    rows.emplace_back(shape[3], 0.0);
    for (std::size_t h = 0; h < shape[1]; ++h) {
      for (std::size_t j = 0; j < shape[3]; ++j) {
        rows.back()[j] += entry->tensor[(h * shape[2] + first + i) * shape[3] + j] / static_cast<double>(shape[1]);
      }
    }
  }
  return rows;
}

constexpr std::size_t widest_alignment = 12;

}  // namespace

std::string written_lines(const TransformerRun& run) {
  std::string lines;
  for (const Written& each : run.written) lines += each.text + "\n";
  return lines;
}

render::Table alignment_table(const TransformerRun& run, lessons::Language language) {
  const auto alignment = alignment_of(run);
  const bool whole = run.source_tokens.size() <= widest_alignment;
  const render::NumberFormat decimals{2};
  render::Table table;
  table.columns = {{word(language, "token")}, {word(language, "probability"), render::Alignment::right, "", render::NumberFormat{3}}};
  if (!alignment.empty() && whole) {
    for (const std::string& token : run.source_tokens) table.columns.push_back({token, render::Alignment::right, "", decimals});
  } else if (!alignment.empty()) {
    table.columns.push_back({word(language, "looks_at")});
  }
  const std::vector<double>& probabilities = run.written.front().generated.probabilities;
  for (std::size_t i = 0; i < run.written_tokens.size(); ++i) {
    std::vector<render::Cell> row = {run.written_tokens[i], probabilities[i]};
    if (!alignment.empty() && whole) row.insert(row.end(), alignment[i].begin(), alignment[i].end());
    if (!alignment.empty() && !whole) {
      const auto most = std::max_element(alignment[i].begin(), alignment[i].end());
      row.emplace_back(fmt::format("{} ({:.2f})", run.source_tokens[static_cast<std::size_t>(most - alignment[i].begin())], *most));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

render::Document transformer_document(const TransformerRun& run, const Trace& shown, const OutputOptions& options) {
  const lessons::Lesson& lesson = lessons::lesson(options.language);
  const lessons::Placeholders values = placeholders(run, nullptr);
  render::Document document;
  document.title = lesson.note("title", "transformer").value_or("");
  for (const Written& each : run.written) {
    document.introduction.push_back(each.sequence.text + (each.text.empty() ? "" : " → " + each.text));
  }
  if (options.notes) {
    for (std::string& text : lesson.paragraphs("intro", introduction_of(run.config.family), values)) document.introduction.push_back(std::move(text));
  }
  // A stack has the same step many times: what it is for is said once.
  std::set<Step> explained;
  for (const TraceEntry& entry : shown.entries) {
    document.sections.push_back(section_of(run, entry, options));
    document.sections.back().number = static_cast<int>(document.sections.size());
    if (options.notes && explained.insert(entry.step).second) {
      document.sections.back().notes = lesson.paragraphs(name_of(entry.step), "", placeholders(run, &entry));
    }
  }
  return document;
}

render::Json sequences_json(const TransformerRun& run) {
  const auto numbers = [](const auto& values) {
    render::JsonArray array;
    for (const auto value : values) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, double>) {
        array.emplace_back(value);
      } else {
        array.emplace_back(static_cast<std::uint64_t>(value));
      }
    }
    return array;
  };
  render::JsonArray sequences;
  for (const Written& each : run.written) {
    render::JsonObject object = {{"input", each.sequence.text}};
    if (!each.sequence.source.empty()) object.emplace_back("source_tokens", numbers(each.sequence.source));
    if (!each.sequence.prompt.empty()) object.emplace_back("prompt_tokens", numbers(each.sequence.prompt));
    if (run.config.has_decoder()) {
      object.emplace_back("written", each.text);
      object.emplace_back("written_tokens", numbers(each.generated.tokens));
      object.emplace_back("probabilities", numbers(each.generated.probabilities));
    }
    sequences.emplace_back(std::move(object));
  }
  return sequences;
}

}  // namespace attn::tools
