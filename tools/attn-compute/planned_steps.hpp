// Which steps a run will show, before it runs: for its memory and for --list-steps.
#pragma once

#include <attn/steps.hpp>
#include <attn/tensor.hpp>

#include <vector>

namespace attn::tools {

struct RunPlan {
  bool inputs = false;         ///< x, and what follows from it: a run through `multihead`
  bool memory = false;
  bool memory_value = false;
  bool query_map = false;      ///< q_proj
  bool key_map = false;
  bool value_map = false;
  bool cache = false;
  bool softcap = false;
  bool mask = false;
  bool detail = false;
  bool dropout = false;
  bool averaged_weights = false;
  bool rotary = false;
};

/// In order of computation.
std::vector<Step> planned_steps(const RunPlan& plan);

/// The bytes of those steps. Saturates instead of overflowing.
std::size_t planned_bytes(const std::vector<Step>& steps, const Sizes& sizes, Precision precision);

}  // namespace attn::tools
