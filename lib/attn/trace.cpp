#include <attn/trace.hpp>

#include <algorithm>

namespace attn {

std::string axes_of(Step step, const Sizes& sizes) {
  std::string axes(step_info(step).axes);
  const std::size_t new_len = axes.find("Ln");
  if (new_len == std::string::npos) return axes;
  const std::size_t without_appended = sizes.past_len + sizes.new_len;
  const std::size_t appended = std::max(sizes.key_len, without_appended) - without_appended;
  // The module appends its keys to those in heads; the source and its linear maps do not have them.
  const bool has_appended = step == Step::k || step == Step::v || step == Step::k_rot;
  if (sizes.past_len == 0 && (has_appended || appended == 0)) return axes.replace(new_len, 2, "Lk");
  return has_appended && appended > 0 ? axes.insert(new_len + 2, "+" + std::to_string(appended)) : axes;
}

}  // namespace attn
