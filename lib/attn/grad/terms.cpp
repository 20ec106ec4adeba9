#include <attn/grad/terms.hpp>

#include <stdexcept>
#include <string>

namespace attn {
namespace {

using S = Step;

constexpr GradientTerm terms[] = {
    {S::output, S::merged, "<d_output>·<w_o>ᵀ", "<d_output> {<w_o>}^\\top"},
    {S::output, S::w_o, "<merged>ᵀ·<d_output>", "{<merged>}^\\top <d_output>"},
    {S::output, S::b_o, "sum of <d_output> over positions", "\\sum_i <d_output>_i"},
    {S::output, S::heads, "<d_output> split into heads", ""},
    {S::merged, S::heads, "<d_merged> split into heads", ""},
    {S::heads, S::weights, "<d_heads>·<v>ᵀ", "<d_heads> {<v>}^\\top"},
    {S::heads, S::v, "<weights>ᵀ·<d_heads>", "{<weights>}^\\top <d_heads>"},
    {S::weights_dropped, S::weights, "<d_weights_dropped> ⊙ keep / (1 − p)", "<d_weights_dropped> \\odot \\mathrm{keep} / (1 - p)"},
    {S::weights, S::scores_masked, "<weights> ⊙ (<d_weights> − sum over keys of <d_weights> ⊙ <weights>)",
     "<weights> \\odot (<d_weights> - \\sum_j <d_weights>_j <weights>_j)"},
    {S::scores_masked, S::scores_scaled, "<d_scores_masked>", "<d_scores_masked>"},
    {S::scores_masked, S::mask, "<d_scores_masked>, 0 for forbidden keys", ""},
    {S::scores_capped, S::scores_scaled, "<d_scores_capped> ⊙ (1 − (<scores_capped> / c)²)",
     "<d_scores_capped> \\odot (1 - (<scores_capped> / c)^2)"},
    {S::scores_scaled, S::scores_raw, "<d_scores_scaled> · scale", "<d_scores_scaled> \\cdot \\mathrm{scale}"},
    {S::scores_raw, S::q, "<d_scores_raw>·<k>", "<d_scores_raw> <k>"},
    {S::scores_raw, S::k, "<d_scores_raw>ᵀ·<q>", "{<d_scores_raw>}^\\top <q>"},
    {S::present_key, S::past_key, "the first rows of <d_present_key>", ""},
    {S::present_key, S::k, "the last rows of <d_present_key>", ""},
    {S::present_value, S::past_value, "the first rows of <d_present_value>", ""},
    {S::present_value, S::v, "the last rows of <d_present_value>", ""},
    {S::q_rot, S::q, "<d_q_rot> turned back by its positions", ""},
    {S::k_rot, S::k, "<d_k_rot> turned back by its positions", ""},
    {S::q, S::q_proj, "the heads of <d_q> side by side", ""},
    {S::k, S::k_proj, "the heads of <d_k> side by side", ""},
    {S::v, S::v_proj, "the heads of <d_v> side by side", ""},
    {S::k, S::bias_k, "sum of the last row of <d_k> over samples", ""},
    {S::v, S::bias_v, "sum of the last row of <d_v> over samples", ""},
    {S::q, S::x, "the heads of <d_q> side by side", ""},
    {S::k, S::memory, "the heads of <d_k> side by side", ""},
    {S::v, S::memory_value, "the heads of <d_v> side by side", ""},
    {S::q_proj, S::x, "<d_q_proj>·<w_q>ᵀ", "<d_q_proj> {<w_q>}^\\top"},
    {S::k_proj, S::memory, "<d_k_proj>·<w_k>ᵀ", "<d_k_proj> {<w_k>}^\\top"},
    {S::v_proj, S::memory_value, "<d_v_proj>·<w_v>ᵀ", "<d_v_proj> {<w_v>}^\\top"},
    {S::q_proj, S::w_q, "<x>ᵀ·<d_q_proj>", "{<x>}^\\top <d_q_proj>"},
    {S::k_proj, S::w_k, "<memory>ᵀ·<d_k_proj>", "{<memory>}^\\top <d_k_proj>"},
    {S::v_proj, S::w_v, "<memory_value>ᵀ·<d_v_proj>", "{<memory_value>}^\\top <d_v_proj>"},
    {S::q_proj, S::b_q, "sum of <d_q_proj> over positions", "\\sum_i <d_q_proj>_i"},
    {S::k_proj, S::b_k, "sum of <d_k_proj> over positions", "\\sum_i <d_k_proj>_i"},
    {S::v_proj, S::b_v, "sum of <d_v_proj> over positions", "\\sum_i <d_v_proj>_i"},

    {S::shortcut, S::x, "<d_shortcut>·<w_s>ᵀ", "<d_shortcut> {<w_s>}^\\top"},
    {S::shortcut, S::w_s, "<x>ᵀ·<d_shortcut>", "{<x>}^\\top <d_shortcut>"},
    {S::shortcut, S::b_s, "sum of <d_shortcut> over positions", "\\sum_i <d_shortcut>_i"},
    {S::residual, S::x, "<d_residual>", "<d_residual>"},
    {S::residual, S::shortcut, "<d_residual>", "<d_residual>"},
    {S::residual, S::output, "<d_residual>", "<d_residual>"},
    {S::norm, S::residual, "<d_norm> ⊙ <gamma> / √(<norm_var> + ε)", "<d_norm> \\odot <gamma> / \\sqrt{<norm_var> + \\varepsilon}"},
    {S::norm, S::norm_mean, "−sum over features of <d_norm> ⊙ <gamma> / √(<norm_var> + ε)",
     "-\\sum_e <d_norm>_e <gamma>_e / \\sqrt{<norm_var> + \\varepsilon}"},
    {S::norm, S::norm_var, "−½ · sum over features of <d_norm> ⊙ <gamma> ⊙ (<residual> − <norm_mean>) / (<norm_var> + ε)^(3/2)",
     "-\\tfrac12 \\sum_e <d_norm>_e <gamma>_e (<residual>_e - <norm_mean>) / (<norm_var> + \\varepsilon)^{3/2}"},
    {S::norm, S::norm_mean_square, "−½ · sum over features of <d_norm> ⊙ <gamma> ⊙ <residual> / (<norm_mean_square> + ε)^(3/2)",
     "-\\tfrac12 \\sum_e <d_norm>_e <gamma>_e <residual>_e / (<norm_mean_square> + \\varepsilon)^{3/2}"},
    {S::norm, S::gamma, "sum of <d_norm> ⊙ (<residual> − <norm_mean>) / √(<norm_var> + ε) over positions",
     "\\sum_i <d_norm>_i (<residual>_i - <norm_mean>_i) / \\sqrt{<norm_var>_i + \\varepsilon}"},
    {S::norm, S::beta, "sum of <d_norm> over positions", "\\sum_i <d_norm>_i"},
    {S::norm_var, S::residual, "<d_norm_var> · 2(<residual> − <norm_mean>)/N", "<d_norm_var> \\cdot 2(<residual> - <norm_mean>)/N"},
    {S::norm_var, S::norm_mean, "−sum over features of <d_norm_var> · 2(<residual> − <norm_mean>)/N",
     "-\\sum_e <d_norm_var> \\cdot 2(<residual>_e - <norm_mean>)/N"},
    {S::norm_mean_square, S::residual, "<d_norm_mean_square> · 2·<residual>/E", "<d_norm_mean_square> \\cdot 2 <residual> / E"},
    {S::norm_mean, S::residual, "<d_norm_mean>/E", "<d_norm_mean> / E"},
    {S::ffn_output, S::ffn_hidden, "<d_ffn_output>·<w_2>ᵀ", "<d_ffn_output> {<w_2>}^\\top"},
    {S::ffn_output, S::w_2, "<ffn_hidden>ᵀ·<d_ffn_output>", "{<ffn_hidden>}^\\top <d_ffn_output>"},
    {S::ffn_output, S::b_2, "sum of <d_ffn_output> over positions", "\\sum_i <d_ffn_output>_i"},
    {S::ffn_hidden, S::ffn_up, "<d_ffn_hidden> ⊙ act′(<ffn_up>)", "<d_ffn_hidden> \\odot \\mathrm{act}'(<ffn_up>)"},
    {S::ffn_hidden, S::ffn_gate, "<d_ffn_hidden> ⊙ <ffn_up> ⊙ act′(<ffn_gate>)", "<d_ffn_hidden> \\odot <ffn_up> \\odot \\mathrm{act}'(<ffn_gate>)"},
    {S::ffn_up, S::norm, "<d_ffn_up>·<w_1>ᵀ", "<d_ffn_up> {<w_1>}^\\top"},
    {S::ffn_up, S::w_1, "<norm>ᵀ·<d_ffn_up>", "{<norm>}^\\top <d_ffn_up>"},
    {S::ffn_up, S::b_1, "sum of <d_ffn_up> over positions", "\\sum_i <d_ffn_up>_i"},
    {S::ffn_gate, S::norm, "<d_ffn_gate>·<w_gate>ᵀ", "<d_ffn_gate> {<w_gate>}^\\top"},
    {S::ffn_gate, S::w_gate, "<norm>ᵀ·<d_ffn_gate>", "{<norm>}^\\top <d_ffn_gate>"},
    {S::ffn_gate, S::b_gate, "sum of <d_ffn_gate> over positions", "\\sum_i <d_ffn_gate>_i"},
};

}  // namespace

const GradientTerm& gradient_term(Step consumer, Step operand) {
  for (const GradientTerm& term : terms) {
    if (term.consumer == consumer && term.operand == operand) return term;
  }
  throw std::logic_error("no term for what " + std::string(name_of(consumer)) + " sends back to " + std::string(name_of(operand)));
}

}  // namespace attn
