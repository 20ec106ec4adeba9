// What somebody hands in: tensors of a plain program, in the precision they were saved in.
#pragma once

#include "verify/loops.hpp"

#include <attn/verify/verification.hpp>

#include <algorithm>
#include <string>

namespace loops {

inline Array saved_as_float32(Array tensor) {
  for (double& value : tensor.storage()) value = static_cast<double>(static_cast<float>(value));
  return tensor;
}

inline attn::Submission submission_of(const Tensors& tensors) {
  attn::Submission submission;
  for (const auto& [step, tensor] : tensors) submission.tensors.emplace(step, saved_as_float32(tensor));
  return submission;
}

inline attn::Submission only(Step step, const Tensors& tensors) { return submission_of({{step, tensors.at(step)}}); }

inline bool names(const std::vector<attn::Diagnosis>& diagnosis, const std::string& id) {
  return std::any_of(diagnosis.begin(), diagnosis.end(), [&](const attn::Diagnosis& d) { return d.id == id; });
}

inline std::string ids_of(const std::vector<attn::Diagnosis>& diagnosis) {
  std::string ids;
  for (const attn::Diagnosis& d : diagnosis) ids += (ids.empty() ? "" : " ") + d.id;
  return ids;
}

}  // namespace loops
