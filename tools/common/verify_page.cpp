#include "verify_page.hpp"

#include "verify_words.hpp"

#include <attn/layer_steps.hpp>

#include <fmt/format.h>

#include <utility>

namespace attn::tools {
namespace {

using render::PageBlock;
using render::Tone;

render::Shading shading_of(Step step) {
  const Step base = base_of(step);
  return base == Step::weights || base == Step::weights_dropped ? render::Shading::unit : render::Shading::diverging;
}

/// One file's blocks, in one language.
class FileBlocks {
 public:
  FileBlocks(const Judged& judged, const ReportWords& words) : judged_(judged), v_(judged.verification), words_(words) {}

  std::vector<PageBlock> around(std::vector<PageBlock> steps) && {
    add_verdict();
    if (judged_.refused) return std::move(blocks_);
    if (tells(words_.hint, hint_why)) add_diagnosis();
    if (tells(words_.hint, hint_where)) add_table();
    for (PageBlock& block : steps) blocks_.push_back(std::move(block));
    return std::move(blocks_);
  }

 private:
  std::string word(const std::string& entry, const lessons::Placeholders& values = {}) const { return verify_word(words_.language, entry, values); }

  void add_verdict() {
    PageBlock block;
    block.tone = !judged_.refused && v_.verdict == Verdict::match ? Tone::good : Tone::bad;
    block.title = judged_.refused ? judged_.file : word("heading", {{"name", judged_.file}, {"found", word(verdict_word(v_))}});
    if (judged_.refused) block.paragraphs.push_back(judged_.refused->what());
    if (v_.first_divergent_step && tells(words_.hint, hint_where)) {
      block.paragraphs.push_back(word("first", {{"step", std::string(name_of(*v_.first_divergent_step))}}));
    }
    const bool tie = v_.diagnosis.size() > 1 && v_.diagnosis[0].step == v_.diagnosis[1].step && v_.diagnosis[0].with.empty();
    if (tie && tells(words_.hint, hint_why)) block.paragraphs.push_back(word("tie"));
    for (const Unmatched& theirs : judged_.theirs.unmatched) block.paragraphs.push_back(not_compared(theirs, words_.language));
    blocks_.push_back(std::move(block));
  }

  void add_diagnosis() {
    for (const Diagnosis& d : v_.diagnosis) {
      const char* degree = d.convention ? "equivalent" : d.explains ? "explains" : "consistent";
      PageBlock block;
      block.tone = d.convention ? Tone::plain : Tone::bad;
      block.title = d.id + "  " + sentence_of(d, "title", judged_, words_);
      block.paragraphs = {word("degree", {{"step", std::string(name_of(d.step))}, {"found", word(degree)}}), sentence_of(d, "message", judged_, words_)};
      if (words_.hint == 0) block.paragraphs.push_back("→ " + sentence_of(d, "fix", judged_, words_));
      if (!d.with.empty()) block.paragraphs.push_back(word("with", {{"found", d.with}}));
      blocks_.push_back(std::move(block));
    }
  }

  void add_table() {
    PageBlock block;
    block.table = table_of_steps(judged_, words_.language, words_.hint);
    if (!block.table->rows.empty()) blocks_.push_back(std::move(block));
  }

  const Judged& judged_;
  const Verification& v_;
  const ReportWords& words_;
  std::vector<PageBlock> blocks_;
};

}  // namespace

std::optional<Tensor<double>> difference_of(const Tensor<double>& ours, const TensorView& theirs) {
  if (theirs.shape() != shape_of(ours)) return std::nullopt;
  Tensor<double> difference = empty<double>(shape_of(ours));
  for (std::size_t i = 0; i < ours.size(); ++i) difference.data()[i] = ours.data()[i] == theirs[i] ? 0 : ours.data()[i] - theirs[i];
  return difference;
}

PageBlock beside(const Sides& sides, lessons::Language language) {
  PageBlock block;
  block.title = sides.name;
  const auto add = [&](const char* word, const TensorView& tensor, render::Shading shading) {
    const std::vector<std::string> axes = sides.axes.size() == tensor.rank() ? sides.axes : std::vector<std::string>{};
    block.panels.push_back({verify_word(language, word), render::Panel{tensor, axes, {}, {}, shading}});
  };
  add("column_ours", sides.ours, sides.shading);
  add("column_theirs", sides.theirs, sides.shading);
  if (sides.difference) add("column_difference", *sides.difference, render::Shading::diverging);
  return block;
}

TableReport summary_of(const Judged& judged, const ReportWords& words) {
  std::vector<PageBlock> blocks = FileBlocks(judged, words).around({});
  TableReport report{blocks.front().title};
  for (PageBlock& block : blocks) {
    if (block.table) {
      report.tables.push_back({verify_word(words.language, "steps"), std::move(*block.table)});
      continue;
    }
    if (block.title != report.title) report.introduction.push_back(block.title);
    for (std::string& paragraph : block.paragraphs) report.introduction.push_back(std::move(paragraph));
  }
  return report;
}

VerificationPage::VerificationPage(const std::vector<Judged>& judged, const std::map<Step, Tensor<double>>& ours) : judged_(judged), ours_(ours) {
  for (const Judged& one : judged) {
    std::map<Step, Tensor<double>>& differences = differences_.emplace_back();
    for (const auto& [step, stored] : one.theirs.tensors) {
      const auto found = ours.find(step);
      if (found == ours.end()) continue;
      if (auto difference = difference_of(found->second, stored.view())) differences.emplace(step, std::move(*difference));
    }
  }
}

PageText VerificationPage::text(const ReportWords& words) const {
  PageText page;
  for (std::size_t i = 0; i < judged_.size(); ++i) {
    const Judged& one = judged_[i];
    page.title += (page.title.empty() ? "" : ", ") + one.file;
    std::vector<PageBlock> steps;
    for (const StepVerdict& verdict : one.verification.steps) {
      const auto theirs = one.theirs.tensors.find(verdict.step);
      const auto ours = ours_.find(verdict.step);
      if (theirs == one.theirs.tensors.end() || ours == ours_.end() || words.hint > 0) continue;
      const auto difference = differences_[i].find(verdict.step);
      const Tensor<double>* apart = difference != differences_[i].end() ? &difference->second : nullptr;
      steps.push_back(beside({std::string(name_of(verdict.step)), split_axes(step_info(verdict.step).axes), shading_of(verdict.step), ours->second,
                              theirs->second.view(), apart},
                             words.language));
    }
    for (PageBlock& block : FileBlocks(one, words).around(std::move(steps))) page.blocks.push_back(std::move(block));
  }
  return page;
}

}  // namespace attn::tools
