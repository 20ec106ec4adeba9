#include "gradient_formula.hpp"

#include "run_formula.hpp"

#include <attn/formula.hpp>
#include <attn/gradient_steps.hpp>
#include <attn/layer_steps.hpp>
#include <attn/render/latex_text.hpp>
#include <attn/verify/layer_problem.hpp>

#include <string_view>
#include <utility>

namespace attn::tools {
namespace {

using S = Step;

// What a run may have in the place of the operand that a term names; the first that it has.
constexpr std::pair<Step, Step> replacements[] = {
    {S::q, S::q_rot},           {S::k, S::present_key},         {S::k, S::k_rot},
    {S::v, S::present_value},   {S::weights, S::weights_dropped}, {S::memory_value, S::memory_value},
    {S::memory_value, S::memory}, {S::memory_value, S::x},      {S::memory, S::memory},
    {S::memory, S::x}};

bool has(const Problem<double>& problem, Step of, Step step) {
  const std::optional<LayerPlace> place = place_of(of);
  if (problem.layer && place) return problem.has(step) || problem.has(at_place({place->block, LayerPart::sublayer}, step));
  return problem.has(step);
}

// The symbol of an operand in this run. Only forward tensors have stand-ins: a gradient names its own step, but for
// weights after dropout, keys and values of which the consumer reads another form.
std::string symbol_in(const Problem<double>& problem, const GradientTerm& term, Step of, Step operand) {
  if (!is_gradient(operand)) {
    const bool reads_stand_in = term.consumer == S::heads || term.consumer == S::scores_raw || operand == S::memory || operand == S::memory_value;
    for (const auto& [usual, instead] : replacements) {
      if (reads_stand_in && usual == operand && has(problem, of, instead)) return std::string(step_info(instead).symbol);
    }
  }
  return std::string(step_info(operand).symbol);
}

void replace(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
}

// The table of terms speaks of LayerNorm after the residual connection and of any activation.
std::string of_this_layer(const Problem<double>& problem, const GradientTerm& term, std::string_view formula) {
  std::string text(formula);
  if (!problem.layer) return text;
  const LayerOptions<double>& options = problem.layer->options;
  if (options.norm.kind == NormKind::rms) {
    for (const char* place : {"", "_e", "_i"}) {
      const std::string row = "<residual>" + std::string(place);
      for (const char* minus : {" − <norm_mean>", " - <norm_mean>", " - <norm_mean>_i"}) replace(text, "(" + row + minus + ")", row);
    }
    replace(text, "<norm_var>", "<norm_mean_square>");
  }
  if (problem.layer->norm_first() && term.consumer >= S::norm_mean && term.consumer <= S::norm) replace(text, "<residual>", "<x>");
  replace(text, "act′", activation_name(options.activation) + "′");
  replace(text, "\\mathrm{act}'", "\\mathrm{" + render::latex_text(activation_name(options.activation)) + "}'");
  return text;
}

std::string joined(const Problem<double>& problem, const Gradient& gradient, bool latex) {
  std::string text;
  for (const GradientTerm* term : gradient.terms) {
    const auto symbol = [&](Step operand) { return symbol_in(problem, *term, gradient.of, operand); };
    if (!text.empty()) text += " + ";
    if (latex && !term->latex.empty()) {
      text += with_symbols(of_this_layer(problem, *term, term->latex), [&](Step operand) { return render::latex_symbol(symbol(operand)); });
    } else {
      const std::string words = of_this_layer(problem, *term, term->text);
      text += latex ? latex_of_words(words, symbol) : with_symbols(words, symbol);
    }
  }
  return text;
}

}  // namespace

GradientFormula gradient_formula(const Problem<double>& problem, const Gradient& gradient) {
  if (gradient.of == last_step(problem)) {
    return {"given: L = Σ Y ⊙ ∇Y", "\\partial L / \\partial Y, \\quad L = \\sum Y \\odot \\nabla Y"};
  }
  // The result of a layer is that of its last block: a step that goes on as it is has no term.
  if (gradient.terms.empty()) return {"∇Y", render::latex_symbol("∇Y")};
  return {joined(problem, gradient, false), joined(problem, gradient, true)};
}

}  // namespace attn::tools
