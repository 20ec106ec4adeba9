// The sentences of a verification's report, in its language.
#pragma once

#include "verify_report.hpp"

#include <string>
#include <vector>

namespace attn::tools {

/// An entry of "verify" in the lessons, with values for its placeholders.
std::string verify_word(lessons::Language language, const std::string& entry, const lessons::Placeholders& values = {});

/// That a tensor of theirs was not compared, why, and which option would have it compared.
std::string not_compared(const Unmatched& theirs, lessons::Language language);

/// "title", "message" or "fix" of the diagnosed mistake, complete.
std::string sentence_of(const Diagnosis& diagnosis, const std::string& field, const Judged& judged, const ReportWords& report);

/// For every mistake that a run makes on purpose, that it is wrong and how.
std::vector<std::string> mistakes_made(const std::vector<std::string>& ids, lessons::Language language);

}  // namespace attn::tools
