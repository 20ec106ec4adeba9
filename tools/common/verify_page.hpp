// The report of a verification as a document: a page for a browser, or a table with words around it.
#pragma once

#include "page_report.hpp"
#include "table_report.hpp"
#include "verify_report.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

/// ours − theirs, 0 where they are the same infinity; empty where their shapes differ.
std::optional<Tensor<double>> difference_of(const Tensor<double>& ours, const TensorView& theirs);

/// One tensor of both sides, as it is shown beside the other; `difference` may be absent. Refers to all three.
struct Sides {
  std::string name;
  std::vector<std::string> axes;  ///< left out unless there is one for each axis
  render::Shading shading = render::Shading::diverging;
  const Tensor<double>& ours;
  TensorView theirs;
  const Tensor<double>* difference;
};
render::PageBlock beside(const Sides& sides, lessons::Language language);

/// Of one file the verdict, the diagnosis, and a line a step; less where there is a hint.
TableReport summary_of(const Judged& judged, const ReportWords& words);

/// Of each file the verdict, the diagnosis, a line a step, and the numbers of every step that was compared: ours,
/// theirs and ours − theirs beside each other. A hint leaves out what a student should not be told. Refers to
/// `judged` and `ours`.
class VerificationPage {
 public:
  VerificationPage(const std::vector<Judged>& judged, const std::map<Step, Tensor<double>>& ours);

  PageText text(const ReportWords& words) const;

 private:
  const std::vector<Judged>& judged_;
  const std::map<Step, Tensor<double>>& ours_;
  std::vector<std::map<Step, Tensor<double>>> differences_;  ///< of each file
};

}  // namespace attn::tools
