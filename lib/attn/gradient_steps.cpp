#include <attn/gradient_steps.hpp>

#include <deque>
#include <string>

namespace attn {
namespace {

// Half of the numbers that layer_steps.hpp keeps free for one place of a layer.
constexpr int first_gradient = 128;
constexpr int room = 2 * first_gradient;

struct Rows {
  std::deque<std::string> words;  // what the rows point to
  std::vector<StepInfo> rows;
};

std::string_view kept(std::deque<std::string>& words, std::string text) {
  words.push_back(std::move(text));
  return words.back();
}

Rows make_rows() {
  Rows made;
  for (const StepInfo& row : step_table()) {
    StepInfo info;
    info.step = gradient_of(row.step);
    info.kind = StepKind::step;
    const std::string name(row.name);
    info.name = kept(made.words, "d_" + name);
    info.symbol = kept(made.words, "∇" + std::string(row.symbol));
    info.formula = kept(made.words, "∂L/∂<" + name + ">");
    info.latex = kept(made.words, "\\partial L / \\partial <" + name + ">");
    info.axes = row.axes;
    info.operands = {row.step};
    info.meaning = kept(made.words, "how the loss changes with " + name);
    made.rows.push_back(std::move(info));
  }
  return made;
}

}  // namespace

Step gradient_of(Step step) { return static_cast<Step>(static_cast<int>(step) + first_gradient); }

bool is_gradient(Step step) { return static_cast<int>(step) % room >= first_gradient; }

Step differentiated(Step step) { return is_gradient(step) ? static_cast<Step>(static_cast<int>(step) - first_gradient) : step; }

const StepInfo& gradient_info(Step gradient) {
  static const Rows made = make_rows();
  return made.rows.at(static_cast<std::size_t>(differentiated(gradient)));
}

}  // namespace attn
