// The report of a verification as a page for people.
#pragma once

#include "verify_report.hpp"

namespace attn::tools {

/// The verdict, a line a step, where the first wrong step differs, the diagnosis, what was not visible.
std::string text_of(const Judged& judged, const ReportWords& report);

}  // namespace attn::tools
