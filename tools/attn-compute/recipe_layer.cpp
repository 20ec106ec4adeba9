#include "recipe_layer.hpp"

#include "module_weights.hpp"
#include "recipe_python.hpp"

#include <attn/error.hpp>

#include <fmt/format.h>

namespace attn::tools {
namespace {

// What every recipe of a layer defines. It reads `state`, `steps` and the sizes.
constexpr const char* definitions = R"(
def keep(block, **tensors):
    steps.update({f"{block}.{name}": tensor for name, tensor in tensors.items()})

def normalise(block, x):
    weight, bias = state[norms[block] + ".weight"], state.get(norms[block] + ".bias", 0)
    if rms:
        norm_mean_square = (x * x).mean(-1, keepdim=True)
        keep(block, norm_mean_square=norm_mean_square)
        hat = x / (norm_mean_square + eps).sqrt()
    else:
        norm_mean, norm_var = x.mean(-1, keepdim=True), x.var(-1, unbiased=unbiased, keepdim=True)
        keep(block, norm_mean=norm_mean, norm_var=norm_var)
        hat = (x - norm_mean) / (norm_var + eps).sqrt()
    keep(block, norm_hat=hat, norm=hat * weight + bias)
    return hat * weight + bias

def attend(block, prefix, x, source, mask):
    w_q, w_k, w_v = (w.T for w in state[prefix + "in_proj_weight"].chunk(3))
    b_q, b_k, b_v = state[prefix + "in_proj_bias"].chunk(3) if prefix + "in_proj_bias" in state else (0, 0, 0)
    q_proj, k_proj, v_proj = x @ w_q + b_q, source @ w_k + b_k, source @ w_v + b_v
    q, k, v = (rows.unflatten(-1, (heads, -1)).transpose(1, 2) for rows in (q_proj, k_proj, v_proj))
    keep(block, q_proj=q_proj, k_proj=k_proj, v_proj=v_proj, q=q, k=k, v=v)
    if block == "self" and rope:
        q, k = rope(q), rope(k)
        keep(block, q_rot=q, k_rot=k)
    if block == "self" and past:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        keep(block, past_key=past[0], past_value=past[1], present_key=k, present_value=v)
    scores_raw = q @ k.transpose(-2, -1)
    scores_scaled = scores_raw * scale
    keep(block, scores_raw=scores_raw, scores_scaled=scores_scaled)
    scores_masked = scores_scaled
    if softcap:
        scores_masked = softcap * torch.tanh(scores_scaled / softcap)
        keep(block, scores_capped=scores_masked)
    if mask is not None:
        mask = mask.expand(scores_raw.shape)
        scores_masked = (scores_masked + mask).masked_fill(mask == -math.inf, fill)
        keep(block, mask=mask)
    row_max = scores_masked.amax(-1, keepdim=True)
    exp = (scores_masked - row_max).exp()
    row_sum = exp.sum(-1, keepdim=True)
    weights = scores_masked.softmax(-1)
    if mask is not None and hidden_exp is not None:  # queries that may see no key
        hidden = (mask == -math.inf).all(-1, keepdim=True)
        row_max, exp = row_max.masked_fill(hidden, -math.inf), exp.masked_fill(hidden, hidden_exp)
        row_sum = exp.sum(-1, keepdim=True)
        weights = weights.masked_fill(hidden, hidden_exp / k.shape[2])
    attended = weights @ v
    merged = attended.transpose(1, 2).flatten(2)
    output = merged @ state[prefix + "out_proj.weight"].T + state.get(prefix + "out_proj.bias", 0)
    keep(block, scores_masked=scores_masked, row_max=row_max, exp=exp, row_sum=row_sum, weights=weights, heads=attended,
         merged=merged, output=output)
    return output

def linear(name, x):
    return x @ state[name + ".weight"].T + state[name + ".bias"]

def feed_forward(x):
    steps["ffn_up"] = linear("linear1", x)
    if gated:
        steps["ffn_gate"] = linear("linear_gate", x)
        steps["ffn_hidden"] = activation(steps["ffn_gate"]) * steps["ffn_up"]
    else:
        steps["ffn_hidden"] = activation(steps["ffn_up"])
    steps["ffn_output"] = linear("linear2", steps["ffn_hidden"])
    return steps["ffn_output"]

def add(block, x, y):
    if block == "ffn" and "residual.weight" in state:
        x = linear("residual", x)
        keep(block, shortcut=x)
    keep(block, residual=x + y)
    return x + y

def sublayer(block, x, function):
    if norm_first:
        return add(block, x, function(normalise(block, x)))
    return normalise(block, add(block, x, function(x)))
)";

constexpr const char* rope_definition = R"(
def rope(x):
    d = x.shape[-1]
    angles = (torch.arange(x.shape[2], dtype=torch.float64) + first_position)[:, None] / rope_base ** (torch.arange(0, d, 2, dtype=torch.float64) / d)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    if interleaved:
        a, b = x[..., 0::2], x[..., 1::2]
        return torch.stack([a * cos - b * sin, a * sin + b * cos], dim=-1).flatten(-2)
    a, b = x[..., :d // 2], x[..., d // 2:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)
)";

bool has(const LayerRecipe& run, const char* option) { return run.command.tensors.has(option); }

// Whether PyTorch has this layer.
bool is_pytorchs(const LayerRecipe& run) {
  const LayerCommand& c = run.command;
  return !run.shape.gated && !run.shape.residual_map && c.norm.kind == NormKind::layer && c.norm.variance == Variance::biased && run.shape.attention.bias.value_or(true);
}

std::string activation_of(const LayerCommand& c) {
  switch (c.activation.activation) {
    case Activation::relu: return "torch.relu";
    case Activation::gelu: return "nn.functional.gelu";
    case Activation::gelu_tanh: return "lambda x: nn.functional.gelu(x, approximate=\"tanh\")";
    case Activation::silu: return "nn.functional.silu";
  }
  return "";
}

const char* truth(bool value) { return value ? "True" : "False"; }

std::string module_line(const LayerRecipe& run) {
  const LayerCommand& c = run.command;
  return fmt::format("module = nn.Transformer{}Layer({}, {}, {}, dropout=0.0, activation={}, layer_norm_eps={}, batch_first=True, norm_first={})\n",
                     run.shape.decoder ? "Decoder" : "Encoder", run.shape.attention.d_model, run.shape.attention.heads, run.shape.ffn_width,
                     activation_of(c), python_number(c.norm.eps), truth(run.shape.norm_first));
}

// The parts of a layer that PyTorch does not have, in the order in which their numbers are drawn.
std::string parts_lines(const LayerRecipe& run) {
  const LayerShape& s = run.shape;
  std::string lines = "module = nn.Module()\n";
  const auto attention = [&](const char* name) {
    lines += fmt::format("module.{} = nn.MultiheadAttention({}, {}{})\n", name, s.attention.d_model, s.attention.heads, s.attention.bias.value_or(true) ? "" : ", bias=False");
  };
  const auto linear = [&](const char* name, std::size_t inputs, std::size_t outputs) {
    lines += fmt::format("module.{} = nn.Linear({}, {})\n", name, inputs, outputs);
  };
  attention("self_attn");
  if (s.decoder) attention("multihead_attn");
  linear("linear1", s.attention.d_model, s.ffn_width);
  if (s.gated) linear("linear_gate", s.attention.d_model, s.ffn_width);
  linear("linear2", s.ffn_width, s.output_width);
  if (s.residual_map) linear("residual", s.attention.d_model, s.output_width);
  const std::size_t last = s.norm_first ? s.attention.d_model : s.output_width;
  lines += fmt::format("module.norm1 = nn.LayerNorm({})\n", s.attention.d_model);
  if (s.decoder) lines += fmt::format("module.norm2 = nn.LayerNorm({})\n", s.attention.d_model);
  lines += fmt::format("module.norm{} = nn.LayerNorm({})\n", s.decoder ? 3 : 2, last);
  return lines;
}

std::string state_lines(const LayerRecipe& run) {
  const LayerCommand& c = run.command;
  if (!c.weights.empty()) {
    const WeightsFile file = split_prefix(c.weights);
    return python_state(file.path, file.prefix, run.loaded, c.run.dtype);
  }
  std::string lines = is_pytorchs(run) ? module_line(run) : parts_lines(run);
  lines += fmt::format("state = {{name: tensor.{}() for name, tensor in module.state_dict().items()}}\n", c.run.dtype == Precision::float64 ? "double" : "float");
  if (!run.shape.norm_shift) lines += "state = {name: tensor for name, tensor in state.items() if not (name.startswith(\"norm\") and name.endswith(\".bias\"))}\n";
  return lines;
}

std::string variable_of(const std::string& option) {
  static const std::pair<const char*, const char*> names[] = {{"--input", "x"},           {"--memory", "memory"},     {"--mask", "given"},
                                                              {"--memory-mask", "seen"}, {"--past-key", "past_key"}, {"--past-value", "past_value"}};
  for (const auto& [name, variable] : names) {
    if (option == name) return variable;
  }
  throw std::logic_error("no variable for " + option);
}

std::string tensor_lines(const LayerRecipe& run) {
  std::string lines;
  for (const TensorArgument& argument : run.command.tensors.in_order()) {
    const bool source = argument.option == "--input" || argument.option == "--memory";
    lines += fmt::format("{} = {}{}  # {}\n", variable_of(argument.option), python_tensor(argument, run.command.run.dtype),
                         source && argument.shape().size() == 2 ? "[None]" : "", argument.option);
  }
  lines += has(run, "--past-key") ? "past = past_key, past_value\n" : "past = None\n";
  return lines;
}

// The lines that make `name`, the mask of one attention, or set it to None.
std::string mask_lines(const LayerRecipe& run, const char* name, const ScoreOptions& o, const Sizes& sizes) {
  const TensorArgument* given = run.command.tensors.find(o.mask_option);
  if (!o.causal && o.valid_lens.empty() && !o.window.bounded() && !given) return fmt::format("{} = None\n", name);
  std::string lines = fmt::format("{} = torch.zeros({}, {}, {}, {}, dtype=torch.{})\n", name, sizes.batch, sizes.heads, sizes.query_len, sizes.key_len, to_string(run.command.run.dtype));
  const auto forbid = [&](const std::string& where) { lines += fmt::format("{0} = {0}.masked_fill({1}, -math.inf)\n", name, where); };
  if (given) {
    const MaskMeans means = meaning_of_mask(o, *given);
    std::string variable = variable_of(o.mask_option);
    const std::size_t columns = given->shape().empty() ? 0 : given->shape().back();
    if (o.mask_short == MaskShort::drop && columns > 1 && columns < sizes.key_len) {
      const char* drop = means == MaskMeans::add ? "-math.inf" : means == MaskMeans::keep ? "0" : "1";
      variable = fmt::format("nn.functional.pad({}, (0, {}), value={})", variable, sizes.key_len - columns, drop);
    }
    if (means == MaskMeans::add) lines += fmt::format("{0} = {0} + {1}\n", name, variable);
    if (means == MaskMeans::keep) forbid(variable + " == 0");
    if (means == MaskMeans::drop) forbid(variable + " == 1");
  }
  lines += fmt::format("i, j = torch.arange({})[:, None], torch.arange({})\n", sizes.query_len, sizes.key_len);
  if (!o.valid_lens.empty()) {
    lines += fmt::format("valid = torch.tensor([{}])[:, None, None, None]\n", fmt::join(o.valid_lens, ", "));
    forbid("j >= valid");
  }
  const std::string end = o.valid_lens.empty() ? std::to_string(sizes.key_len) : "valid";
  lines += o.causal_align == CausalAlign::top_left ? fmt::format("p = i + {}\n", sizes.past_len) : fmt::format("p = i + {} - {}\n", end, sizes.query_len);
  if (o.causal) forbid("j > p");
  if (o.window.left) forbid(fmt::format("j < p - {}", *o.window.left));
  if (o.window.right) forbid(fmt::format("j > p + {}", *o.window.right));
  return lines;
}

std::string setting_lines(const LayerRecipe& run) {
  const LayerCommand& c = run.command;
  const ScoreOptions& o = c.scores;
  const std::size_t size = run.shape.attention.head_dim;
  const std::string scale = o.scale ? python_number(*o.scale) : fmt::format("1 / math.sqrt({})", size);
  const MaskedRows rows = o.masked_rows.value_or(MaskedRows::zero);
  std::string hidden = rows == MaskedRows::zero ? "0.0" : rows == MaskedRows::nan ? "math.nan" : "1.0";
  if (o.mask_fill && !o.masked_rows) hidden = "None";
  std::string lines = fmt::format("heads, scale, softcap, fill, hidden_exp = {}, {}, {}, {}, {}\n", run.shape.attention.heads, scale,
                                  o.softcap ? python_number(*o.softcap) : "None", o.mask_fill ? python_number(*o.mask_fill) : "-math.inf", hidden);
  lines += fmt::format("norm_first, rms, eps, unbiased = {}, {}, {}, {}\n", truth(run.shape.norm_first), truth(c.norm.kind == NormKind::rms),
                       python_number(c.norm.eps), truth(c.norm.variance == Variance::unbiased));
  lines += fmt::format("gated = {}\nactivation = {}\n", truth(run.shape.gated), activation_of(c));
  lines += run.shape.decoder ? "norms = {\"self\": \"norm1\", \"cross\": \"norm2\", \"ffn\": \"norm3\"}\n" : "norms = {\"self\": \"norm1\", \"ffn\": \"norm2\"}\n";
  if (!c.rope) return lines + "rope = None\n";
  return lines + fmt::format("rope_base, interleaved, first_position = {}, {}, {}\n", python_number(c.rope_base), truth(*c.rope == RotaryPairing::interleaved), run.sizes.self.past_len);
}

std::string run_lines(const LayerRecipe& run) {
  std::string lines = "steps = {\"x\": x}\n";
  if (run.shape.decoder) lines += "steps[\"memory\"] = memory\n";
  lines += "rows = sublayer(\"self\", x, lambda x: attend(\"self\", \"self_attn.\", x, x, mask))\n";
  if (run.shape.decoder) lines += "rows = sublayer(\"cross\", rows, lambda x: attend(\"cross\", \"multihead_attn.\", x, memory, memory_mask))\n";
  lines += "rows = sublayer(\"ffn\", rows, feed_forward)\n";
  return lines + "steps[\"output\"] = rows" + (run.command.tensors.find("--input")->shape().size() == 2 ? "[0]" : "") + "\n";
}

std::string comparison_lines(const LayerRecipe& run) {
  const ScoreOptions& o = run.command.scores;
  const bool plain = o.scale_text == "auto" && !o.softcap && !o.mask_fill && !run.command.rope && !has(run, "--past-key");
  if (!is_pytorchs(run) || !plain) return "";
  std::string lines = "\n# The same by PyTorch's own layer, in one call.\n";
  if (!run.command.weights.empty()) lines += module_line(run);
  lines += "module.to(x.dtype).load_state_dict(state)\n";
  const char* flat = "None if {0} is None else {0}.flatten(0, 1)";
  const std::string mask = fmt::format(fmt::runtime(flat), "mask"), memory_mask = fmt::format(fmt::runtime(flat), "memory_mask");
  lines += run.shape.decoder ? fmt::format("expected = module(x, memory, tgt_mask={}, memory_mask={})\n", mask, memory_mask)
                             : fmt::format("expected = module(x, src_mask={})\n", mask);
  lines += "if not expected.isnan().any():  # its answer to a query that sees no key\n";
  return lines + "    torch.testing.assert_close(rows, expected)\n";
}

}  // namespace

std::string recipe_of(const LayerRecipe& run) {
  const LayerCommand& c = run.command;
  if (c.layout->name != "torch") throw UsageError("--show-recipe", "knows layers of layout torch, not of " + std::string(c.layout->name));
  std::string body = "torch.set_grad_enabled(False)  # nothing is trained here\n";
  body += fmt::format("torch.manual_seed({})\n", c.run.seed);
  body += "\n# Parameters.\n" + state_lines(run) + "\n# Tensors, in the order of the command line.\n" + tensor_lines(run);
  body += "\n# What the layer is.\n" + setting_lines(run) + definitions + (c.rope ? rope_definition : "");
  body += "\n# Masks: 0 where a query may attend, -inf where it may not.\n" + mask_lines(run, "mask", c.scores, run.sizes.self);
  if (run.shape.decoder) body += mask_lines(run, "memory_mask", c.cross_scores(), run.sizes.cross);
  body += "\n# The run.\n" + run_lines(run) + c.output.recipe_saving + comparison_lines(run);
  return "# attn-compute layer as a PyTorch program: every step in `steps`, under the name that attn-compute gives it.\n" + python_preamble(body) + "\n" + body;
}

int print_recipe(const LayerRecipe& run) {
  write_recipe(recipe_of(run), run.command.output);
  return exit_done;
}

}  // namespace attn::tools
