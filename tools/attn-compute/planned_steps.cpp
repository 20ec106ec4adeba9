#include "planned_steps.hpp"

#include <limits>

namespace attn::tools {
namespace {

constexpr bool RunPlan::*always = nullptr;

struct PlanRow {
  Step step;
  bool RunPlan::*condition;
};

constexpr PlanRow plan_rows[] = {
    {Step::x, &RunPlan::inputs},
    {Step::memory, &RunPlan::memory},
    {Step::memory_value, &RunPlan::memory_value},
    {Step::q_proj, &RunPlan::query_map},
    {Step::k_proj, &RunPlan::key_map},
    {Step::v_proj, &RunPlan::value_map},
    {Step::q, always},
    {Step::k, always},
    {Step::v, always},
    {Step::q_rot, &RunPlan::rotary},
    {Step::k_rot, &RunPlan::rotary},
    {Step::past_key, &RunPlan::cache},
    {Step::past_value, &RunPlan::cache},
    {Step::present_key, &RunPlan::cache},
    {Step::present_value, &RunPlan::cache},
    {Step::scores_raw, always},
    {Step::scores_scaled, always},
    {Step::scores_capped, &RunPlan::softcap},
    {Step::mask, &RunPlan::mask},
    {Step::scores_masked, always},
    {Step::row_max, &RunPlan::detail},
    {Step::exp, &RunPlan::detail},
    {Step::row_sum, &RunPlan::detail},
    {Step::weights, always},
    {Step::weights_dropped, &RunPlan::dropout},
    {Step::weights_averaged, &RunPlan::averaged_weights},
    {Step::heads, always},
    {Step::merged, &RunPlan::inputs},
    {Step::output, always},
};

std::size_t saturating_product(std::size_t a, std::size_t b) {
  std::size_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::size_t>::max() : product;
}

}  // namespace

std::vector<Step> planned_steps(const RunPlan& plan) {
  std::vector<Step> steps;
  for (const PlanRow& row : plan_rows) {
    if (row.condition == always || plan.*row.condition) steps.push_back(row.step);
  }
  return steps;
}

std::size_t planned_bytes(const std::vector<Step>& steps, const Sizes& sizes, Precision precision) {
  std::size_t total = 0;
  for (const Step step : steps) {
    std::size_t bytes = bytes_per_element(precision);
    for (const std::size_t size : shape_of_axes(step_info(step).axes, sizes)) bytes = saturating_product(bytes, size);
    if (__builtin_add_overflow(total, bytes, &total)) return std::numeric_limits<std::size_t>::max();
  }
  return total;
}

}  // namespace attn::tools
