// The sentences about a diagnosis: those of the catalogue, with what this run and these tensors put into
// them.
#pragma once

#include "verify_report.hpp"

#include <string>

namespace attn::tools {

/// An entry of "verify" in the lessons, with values for its placeholders.
std::string verify_word(lessons::Language language, const std::string& entry, const lessons::Placeholders& values = {});

/// "title", "message" or "fix" of the diagnosed mistake, complete.
std::string sentence_of(const Diagnosis& diagnosis, const std::string& field, const Judged& judged,
                        const Problem<double>& problem, lessons::Language language);

}  // namespace attn::tools
