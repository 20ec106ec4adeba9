// Tables made by the plain formulas with <cmath>, sharing nothing with the library.
#pragma once

#include <attn/tensor.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <cmath>
#include <string>

namespace posenc_testing {

/// The identifiers of each explanation, separated by spaces; explanations by " | ".
inline std::string ids(const attn::posenc::Identification& found) {
  std::string text;
  for (std::size_t i = 0; i < found.explanations.size(); ++i) {
    if (i > 0) text += " | ";
    std::string one;
    for (const auto& deviation : found.explanations[i].deviations) one += (one.empty() ? "" : " ") + (deviation.id.empty() ? "-" : deviation.id);
    text += one.empty() ? "plain" : one;
  }
  return text;
}

inline bool has_blind_spot(const attn::posenc::Identification& found, const std::string& id) {
  for (const auto& unseen : found.cannot_tell) {
    if (unseen.deviation.id == id) return true;
  }
  return false;
}

/// The kinds of the first explanation, separated by spaces.
inline std::string kinds(const attn::posenc::Identification& found) {
  std::string text;
  if (found.explanations.empty()) return "none";
  for (const auto& deviation : found.explanations.front().deviations) text += (text.empty() ? "" : " ") + deviation.kind;
  return text;
}

}  // namespace posenc_testing
