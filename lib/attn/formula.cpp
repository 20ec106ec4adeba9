#include <attn/formula.hpp>

#include <stdexcept>

namespace attn {

std::string with_symbols(std::string_view formula, const std::function<std::string(Step)>& symbol_of,
                         const std::function<std::string(std::string_view)>& words_of) {
  std::string text;
  while (!formula.empty()) {
    const std::size_t begin = formula.find('<');
    const std::string_view words = formula.substr(0, begin);
    text += words_of ? words_of(words) : std::string(words);
    if (begin == std::string_view::npos) break;
    const std::size_t end = formula.find('>', begin);
    const std::string_view name = formula.substr(begin + 1, end - begin - 1);
    const std::optional<Step> step = end == std::string_view::npos ? std::nullopt : find_step(name);
    if (!step) throw std::logic_error("no step <" + std::string(name) + "> in a formula");
    text += symbol_of(*step);
    formula.remove_prefix(end + 1);
  }
  return text;
}

std::string with_symbols(std::string_view formula) {
  return with_symbols(formula, [](Step step) { return std::string(step_info(step).symbol); });
}

}  // namespace attn
