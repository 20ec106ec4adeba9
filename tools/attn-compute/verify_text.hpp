// The report of a verification as a page for people.
#pragma once

#include "verify_report.hpp"

namespace attn::tools {

struct VerifyPage {
  lessons::Language language = lessons::Language::en;
  int hint = 0;
  bool color = false;
};

/// The verdict, a line a step, where the first wrong step differs, the diagnosis, what was not visible.
std::string text_of(const Judged& judged, const Problem<double>& problem, const VerifyPage& page);

}  // namespace attn::tools
