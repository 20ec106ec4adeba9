// The report of a verification as a page for a browser.
#pragma once

#include "page_report.hpp"
#include "verify_report.hpp"

#include <map>
#include <vector>

namespace attn::tools {

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
