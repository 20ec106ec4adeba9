// The second half of a recipe: from scores to the output, and the comparison with the module itself.
#include "recipe_parts.hpp"
#include "recipe_python.hpp"

#include <attn/weights/recipe.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace attn::tools {
namespace {

bool has(const RecipeRun& run, const char* option) { return run.command.tensors.has(option); }

bool has_mask(const RecipeRun& run) {
  const ScoreOptions& scores = run.command.scores;
  return scores.causal || !scores.valid_lens.empty() || scores.window.bounded() || has(run, "--mask");
}

// Keys that rules apply to.
std::size_t maskable_keys(const RecipeRun& run) { return run.sizes.key_len - run.appended_keys; }

// k or v with all its positions, one head for every query head.
std::string for_every_head(const RecipeRun& run, const char* now, const char* present) {
  const std::string name = has(run, "--past-key") ? present : now;
  const std::size_t group = run.sizes.heads / run.sizes.kv_heads;
  return group == 1 ? name : fmt::format("{}.repeat_interleave({}, dim=1)", name, group);
}

std::string scaled_line(const RecipeRun& run) {
  const ScoreOptions& scores = run.command.scores;
  if (scores.scale_text == "none") return "scores_scaled = scores_raw  # no scale\n";
  const std::string scale = scores.scale              ? python_number(*scores.scale)
                            : run.sizes.head_dim == 0 ? "1"
                                                      : fmt::format("1 / math.sqrt({})", run.sizes.head_dim);
  return fmt::format("scale = {}\nscores_scaled = scores_raw * scale\n", scale);
}

// The numbers of the mask that was given, and a sentence on what they say.
std::string given_lines(const RecipeRun& run) {
  const TensorArgument& argument = *run.command.tensors.find("--mask");
  const MaskMeans means = meaning_of_mask(run.command.scores, argument);
  std::string lines;
  const std::size_t columns = argument.shape().empty() ? 0 : argument.shape().back();
  const std::size_t keys = maskable_keys(run);
  if (run.command.scores.mask_short == MaskShort::drop && columns > 1 && columns < keys) {
    const char* drop = means == MaskMeans::add ? "-math.inf" : means == MaskMeans::keep ? "0" : "1";
    lines += fmt::format(
        "given = nn.functional.pad(given, (0, {}), value={})  # shorter than the keys: drop the rest\n",
        keys - columns, drop);
  }
  switch (means) {
    case MaskMeans::add:
      return lines + "mask = mask + given\n";
    case MaskMeans::keep:
      return lines + "mask = mask.masked_fill(given == 0, -math.inf)  # 1 keeps a key\n";
    case MaskMeans::drop:
      return lines + "mask = mask.masked_fill(given == 1, -math.inf)  # 1 drops a key\n";
  }
  return lines;
}

// The line that defines `p`, where query i stands among the keys; "" when that is i itself.
std::string position_line(const RecipeRun& run) {
  const ScoreOptions& scores = run.command.scores;
  if (scores.causal_align == CausalAlign::top_left) {
    const std::size_t past = run.sizes.past_len;
    return past == 0 ? "" : fmt::format("p = i + {}  # the queries follow the cache\n", past);
  }
  const std::string end = scores.valid_lens.empty() ? std::to_string(maskable_keys(run)) : "valid";
  return fmt::format("p = i + {} - {}  # the last query stands at the last key\n", end, run.sizes.query_len);
}

std::string rule_lines(const RecipeRun& run) {
  const ScoreOptions& scores = run.command.scores;
  std::string lines;
  const auto forbid = [&lines](const std::string& where, const char* why) {
    lines += fmt::format("mask = mask.masked_fill({}, -math.inf)  # {}\n", where, why);
  };
  if (scores.causal || scores.window.bounded() || !scores.valid_lens.empty()) {
    lines += fmt::format("i, j = torch.arange({})[:, None], torch.arange({})  # queries, keys\n",
                         run.sizes.query_len, maskable_keys(run));
  }
  if (!scores.valid_lens.empty()) {
    lines +=
        fmt::format("valid = torch.tensor([{}])[:, None, None, None]\n", fmt::join(scores.valid_lens, ", "));
    forbid("j >= valid", "padding");
  }
  if (!scores.causal && !scores.window.bounded()) return lines;
  const std::string position = position_line(run);
  lines += position;
  const char* p = position.empty() ? "i" : "p";
  if (scores.causal) forbid(fmt::format("j > {}", p), "causal");
  if (scores.window.left) forbid(fmt::format("j < {} - {}", p, *scores.window.left), "too far left");
  if (scores.window.right) forbid(fmt::format("j > {} + {}", p, *scores.window.right), "too far right");
  return lines;
}

// What the policy writes over the weights of a row without visible keys; "" when softmax decides.
std::string weight_of_hidden_row(const RecipeRun& run) {
  const ScoreOptions& scores = run.command.scores;
  if (!may_hide_all_keys(run) || (scores.mask_fill && !scores.masked_rows)) return "";
  switch (scores.masked_rows.value_or(MaskedRows::zero)) {
    case MaskedRows::zero:
      return "0.0";
    case MaskedRows::nan:
      return "math.nan";
    case MaskedRows::uniform:
      return fmt::format("1 / {}", run.sizes.key_len);
  }
  return "";
}

// Softmax with its inside, for --detail.
std::string detailed_softmax(const std::string& hidden_weight) {
  std::string lines = "row_max = scores_masked.amax(-1, keepdim=True)\n";
  if (!hidden_weight.empty()) lines += "row_max = row_max.masked_fill(hidden, -math.inf)\n";
  lines += "exp = (scores_masked - row_max).exp()\n";
  if (!hidden_weight.empty()) {
    const bool uniform = hidden_weight.rfind("1 /", 0) == 0;
    lines += "exp = exp.masked_fill(hidden, " + (uniform ? std::string("1.0") : hidden_weight) + ")\n";
  }
  return lines + "row_sum = exp.sum(-1, keepdim=True)\nweights = exp / row_sum\n";
}

std::string dropout_lines(const RecipeRun& run) {
  const Sizes& s = run.sizes;
  const double p = run.command.scores.dropout;
  if (p == 0) return "";
  if (p == 1) return "weights_dropped = torch.zeros_like(weights)  # all of them, so nothing is drawn\n";
  return fmt::format(
      "before_dropout = torch.get_rng_state()\n"
      "keep = torch.empty({}, {}, {}, {}).bernoulli_(1 - {})  # PyTorch built with MKL draws others here\n"
      "weights_dropped = (weights / (1 - {})).masked_fill(keep == 0, 0.0)\n",
      s.batch, s.heads, s.query_len, s.key_len, python_number(p), python_number(p));
}

const char* final_weights(const RecipeRun& run) {
  return run.command.scores.dropout > 0 ? "weights_dropped" : "weights";
}

std::string mask_argument(const RecipeRun& run) {
  if (!has_mask(run)) return "";
  const std::string rules =
      run.appended_keys > 0 ? fmt::format("mask[..., :-{}]", run.appended_keys) : "mask";
  // nn.MultiheadAttention pads the mask itself when it appends keys.
  if (run.module->layout->name == "torch") return ", attn_mask=" + rules + ".flatten(0, 1)";
  const std::optional<double>& fill = run.command.scores.mask_fill;
  return ", mask == 0, fill=" + (fill ? python_number(*fill) : std::string("-math.inf"));
}

// Whether forward() of the layout's module computes what this run computes.
bool module_expresses(const RecipeRun& run) {
  if (!run.module || has(run, "--wq") || has(run, "--past-key") || run.command.scores.softcap) return false;
  const ScoreOptions& scores = run.command.scores;
  if (run.module->layout->name == "torch")
    return scores.scale_text == "auto" && !(has_mask(run) && scores.mask_fill);
  const TensorArgument* mask = run.command.tensors.find("--mask");
  const bool adds = mask && meaning_of_mask(scores, *mask) == MaskMeans::add;
  return draws_module(run) && !run.module->add_zero_attn && !adds &&
         !(scores.mask_fill && scores.masked_rows);
}

// The module in the state that the run needs: number type, weights, dropout.
std::string prepared_module(const RecipeRun& run) {
  std::string lines;
  if (!draws_module(run)) lines += pytorch_module_lines(*run.module->layout, run.shape);
  if (run.command.run.dtype == Precision::float64) lines += "module.double()\n";
  if (!draws_module(run)) lines += "module.load_state_dict(state)\n";
  if (run.module->add_zero_attn) lines += "module.add_zero_attn = True\n";
  if (run.command.scores.dropout > 0)
    lines += "module.dropout = " + python_number(run.command.scores.dropout) + "\n";
  const bool redraws = run.command.scores.dropout > 0 && run.command.scores.dropout < 1;
  return lines + (redraws ? "torch.set_rng_state(before_dropout)\n" : "");
}

}  // namespace

bool calls_module(const RecipeRun& run) { return draws_module(run) || module_expresses(run); }

bool may_hide_all_keys(const RecipeRun& run) {
  const ScoreOptions& scores = run.command.scores;
  if (!has_mask(run) || run.appended_keys > 0) return false;
  if (has(run, "--mask") || scores.window.bounded()) return true;
  const std::vector<std::size_t>& valid = scores.valid_lens;
  const std::size_t shortest =
      valid.empty() ? run.sizes.key_len : *std::min_element(valid.begin(), valid.end());
  const bool ends_together = scores.causal && scores.causal_align == CausalAlign::bottom_right;
  return shortest == 0 || (ends_together && shortest < run.sizes.query_len);
}

std::string recipe_scores(const RecipeRun& run) {
  std::string lines = "scores_raw = q @ " + for_every_head(run, "k", "present_key") + ".transpose(-2, -1)\n" +
                      scaled_line(run);
  if (run.command.scores.softcap) {
    const std::string cap = python_number(*run.command.scores.softcap);
    lines += fmt::format("scores_capped = {0} * torch.tanh(scores_scaled / {0})\n", cap);
  }
  if (!has_mask(run)) {
    lines += std::string("scores_masked = ") +
             (run.command.scores.softcap ? "scores_capped" : "scores_scaled") + "  # no mask\n";
  }
  return lines;
}

std::string recipe_mask(const RecipeRun& run) {
  if (!has_mask(run)) return "";
  const std::string scores = run.command.scores.softcap ? "scores_capped" : "scores_scaled";
  const Sizes& s = run.sizes;
  std::string lines = fmt::format("mask = torch.zeros({}, {}, {}, {}, dtype=torch.{})\n", s.batch, s.heads,
                                  s.query_len, maskable_keys(run), to_string(run.command.run.dtype));
  if (has(run, "--mask")) lines += given_lines(run);
  lines += rule_lines(run);
  if (run.appended_keys > 0) {
    lines +=
        fmt::format("mask = nn.functional.pad(mask, (0, {}))  # what the module appends is always visible\n",
                    run.appended_keys);
  }
  if (!run.command.scores.mask_fill) return lines + "scores_masked = " + scores + " + mask\n";
  return lines + fmt::format("scores_masked = ({} + mask).masked_fill(mask == -math.inf, {})\n", scores,
                             python_number(*run.command.scores.mask_fill));
}

std::string recipe_softmax(const RecipeRun& run) {
  const std::string hidden_weight = weight_of_hidden_row(run);
  std::string lines;
  if (!hidden_weight.empty())
    lines += "hidden = (mask == -math.inf).all(-1, keepdim=True)  # queries that may see no key\n";
  lines +=
      run.command.output.detail ? detailed_softmax(hidden_weight) : "weights = scores_masked.softmax(-1)\n";
  if (!hidden_weight.empty()) lines += "weights = weights.masked_fill(hidden, " + hidden_weight + ")\n";
  lines += dropout_lines(run);
  if (run.module && run.module->average_weights)
    lines += fmt::format("weights_averaged = {}.mean(1)\n", final_weights(run));
  return lines;
}

std::string recipe_output(const RecipeRun& run) {
  const LinearMaps maps = linear_maps_of(run);
  std::string lines =
      fmt::format("heads = {} @ {}\n", final_weights(run), for_every_head(run, "v", "present_value"));
  if (run.module || maps.any()) {
    const TensorArgument* x = run.command.tensors.find(run.module ? "--input" : "--query");
    lines += "merged = heads.transpose(1, 2).flatten(2)\noutput = merged";
    if (maps.weight('o')) lines += " @ w_o";
    if (maps.bias('o')) lines += " + b_o";
    return lines + (x->shape().size() == 2 ? "\noutput = output[0]\n" : "\n");
  }
  const std::size_t rank = run.command.tensors.find("--query")->shape().size();
  const char* back = rank == 4 ? "" : rank == 3 ? ".transpose(1, 2).flatten(2)" : "[0, 0]";
  return lines + "output = heads" + back + "\n";
}

std::string recipe_comparison(const RecipeRun& run) {
  if (!module_expresses(run)) return "";
  const std::string keys = has(run, "--memory") || has(run, "--key") ? "memory" : "x";
  const std::string values = has(run, "--value") ? "memory_value" : keys;
  const bool given_scale = run.module->layout->name != "torch" &&
                           (run.command.scores.scale_text != "auto" || run.module->layout->scales_by_d_model);
  const std::string scale = run.command.scores.scale_text == "none" ? "1" : "scale";
  std::string lines =
      prepared_module(run) + fmt::format("expected, _ = module(x, {}, {}{}{})\n", keys, values,
                                         mask_argument(run), given_scale ? ", scale=" + scale : "");
  if (run.command.tensors.find("--input")->shape().size() == 2) lines += "expected = expected[0]\n";
  if (may_hide_all_keys(run) && !run.command.scores.mask_fill) {
    lines +=
        "expected = torch.where(expected.isnan(), output, expected)  # its answer to a query that sees no "
        "key\n";
  }
  return lines + "torch.testing.assert_close(output, expected)\n";
}

}  // namespace attn::tools
