"""A Transformer layer as a reader would write it down, one small method a decision, so that a mistake can
replace one. Written from the formulas alone, in NumPy; it shares nothing with the program under test.

The names of its weights, and their orientation [out, in], are those of PyTorch's layers.
"""
import math

import numpy as np


def softmax(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Layer:
    """A run of encoder or decoder. `run` gives the steps by their paths."""

    def __init__(self, weights, x, memory=None, heads=2, eps=1e-5, pre=False, rms=False, causal=False, memory_lens=None):
        self.w, self.x, self.memory, self.heads = weights, x, memory, heads
        self.eps, self.pre, self.rms, self.causal, self.memory_lens = eps, pre, rms, causal, memory_lens
        self.steps = {}

    # ---- what mistakes replace

    def statistics_axes(self, block):
        return (-1,)

    def degrees_lost(self, block):
        return 0

    def denominator(self, block, spread):
        return np.sqrt(spread + self.eps)

    def gain(self, block, weight):
        return weight

    def shift(self, block, bias):
        return bias

    def is_rms(self, block):
        return self.rms

    def is_pre(self):
        return self.pre

    def added(self, block, x, normalised):
        return x

    def scale(self, block, width):
        return 1 / math.sqrt(width)

    def may_see(self, i, j):
        return j <= i

    # ---- the layer

    def norm(self, block, x):
        number = {"self": 1, "cross": 2, "ffn": 3 if self.memory is not None else 2}[block]
        axes = self.statistics_axes(block)
        count = math.prod(x.shape[axis] for axis in axes)
        if self.is_rms(block):
            spread = (x * x).mean(axes, keepdims=True)
            self.steps[f"{block}.norm_mean_square"] = spread
            hat = x / self.denominator(block, spread)
        else:
            mean = x.mean(axes, keepdims=True)
            spread = ((x - mean) ** 2).sum(axes, keepdims=True) / (count - self.degrees_lost(block))
            self.steps[f"{block}.norm_mean"], self.steps[f"{block}.norm_var"] = mean, spread
            hat = (x - mean) / self.denominator(block, spread)
        y = hat * self.gain(block, self.w[f"norm{number}.weight"])
        if f"norm{number}.bias" in self.w:
            y = y + self.shift(block, self.w[f"norm{number}.bias"])
        self.steps[f"{block}.norm"] = y
        return y

    def attention(self, block, x, source):
        name = {"self": "self_attn", "cross": "multihead_attn"}[block]
        projected = []
        for part, rows in enumerate((x, source, source)):
            e = x.shape[-1]
            w, b = self.w[name + ".in_proj_weight"][part * e:(part + 1) * e], self.w[name + ".in_proj_bias"][part * e:(part + 1) * e]
            projected.append(rows @ w.T + b)
            self.steps[f"{block}.{'qkv'[part]}_proj"] = projected[-1]
        q, k, v = (rows.reshape(rows.shape[0], rows.shape[1], self.heads, -1).transpose(0, 2, 1, 3) for rows in projected)
        scores = q @ k.transpose(0, 1, 3, 2)
        self.steps[f"{block}.scores_raw"] = scores
        scores = scores * self.scale(block, q.shape[-1])
        self.steps[f"{block}.scores_scaled"] = scores.copy()
        for b in range(scores.shape[0]):
            for i in range(scores.shape[2]):
                for j in range(scores.shape[3]):
                    hidden = block == "self" and self.causal and not self.may_see(i, j)
                    hidden = hidden or (block == "cross" and self.memory_lens is not None and j >= self.memory_lens[b])
                    if hidden:
                        scores[b, :, i, j] = -np.inf
        weights = softmax(scores)
        merged = (weights @ v).transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[1], -1)
        output = merged @ self.w[name + ".out_proj.weight"].T + self.w[name + ".out_proj.bias"]
        self.steps.update({f"{block}.weights": weights, f"{block}.merged": merged, f"{block}.output": output})
        return output

    def feed_forward(self, x):
        up = x @ self.w["linear1.weight"].T + self.w["linear1.bias"]
        hidden = np.where(up > 0, up, 0.0)
        output = hidden @ self.w["linear2.weight"].T + self.w["linear2.bias"]
        self.steps.update(ffn_up=up, ffn_hidden=hidden, ffn_output=output)
        return output

    def sublayer(self, block, x, f):
        if self.is_pre():
            read = self.norm(block, x)
            total = self.added(block, x, lambda: read) + f(read)
            self.steps[f"{block}.residual"] = total
            return total
        # A norm that only the residual connection reads leaves no steps.
        def normalised():
            kept = dict(self.steps)
            y = self.norm(block, x)
            self.steps.clear()
            self.steps.update(kept)
            return y
        total = self.added(block, x, normalised) + f(x)
        self.steps[f"{block}.residual"] = total
        return self.norm(block, total)

    def run(self):
        x = self.sublayer("self", self.x, lambda rows: self.attention("self", rows, rows))
        if self.memory is not None:
            x = self.sublayer("cross", x, lambda rows: self.attention("cross", rows, self.memory))
        x = self.sublayer("ffn", x, self.feed_forward)
        self.steps["output"] = x
        return self.steps


# ---- mistakes: (id, the first step that is wrong with post-norm, class); None: wherever its block reads it

def in_blocks(blocks):
    return lambda block: blocks is None or block in blocks


def mistakes(blocks=None):
    """Every mistake, made in these blocks or in all of them."""
    here = in_blocks(blocks)

    class Unbiased(Layer):
        def degrees_lost(self, block):
            return 1 if here(block) else 0

    class EpsOutside(Layer):
        def denominator(self, block, spread):
            return np.sqrt(spread) + self.eps if here(block) else super().denominator(block, spread)

    class OtherEps(Layer):
        def denominator(self, block, spread):
            return np.sqrt(spread + 1e-3) if here(block) else super().denominator(block, spread)

    class OverPositions(Layer):
        def statistics_axes(self, block):
            return (1,) if here(block) else (-1,)

    class OverSamples(Layer):
        def statistics_axes(self, block):
            return (0,) if here(block) else (-1,)

    class OverAll(Layer):
        def statistics_axes(self, block):
            return (1, 2) if here(block) else (-1,)

    class OtherPlace(Layer):
        def is_pre(self):
            return not self.pre

    class NoResidual(Layer):
        def added(self, block, x, normalised):
            return 0 * x if here(block) else x

    class TwiceTheInput(Layer):
        def added(self, block, x, normalised):
            return 2 * x if here(block) else x

    class NormalisedInput(Layer):
        def added(self, block, x, normalised):
            return normalised() if here(block) else x

    class NoAffine(Layer):
        def gain(self, block, weight):
            return 1.0 if here(block) else weight

        def shift(self, block, bias):
            return 0.0 if here(block) else bias

    class NoShift(Layer):
        def shift(self, block, bias):
            return 0.0 if here(block) else bias

    class GainPlusOne(Layer):
        def gain(self, block, weight):
            return 1 + weight if here(block) else weight

    class OtherNorm(Layer):
        def is_rms(self, block):
            return self.rms != here(block)

    class ScaledByWidth(Layer):
        def scale(self, block, width):
            return 1 / math.sqrt(width * self.heads) if here(block) else super().scale(block, width)

    return [("L1", "norm_var", Unbiased), ("L2", "norm", EpsOutside), ("L2", "norm", OtherEps), ("L3", "norm_mean", OverPositions),
            ("L3", "norm_mean", OverSamples), ("L3", "norm_mean", OverAll), ("L4", None, OtherPlace), ("L5", "residual", NoResidual),
            ("L5", "residual", TwiceTheInput), ("L5", "residual", NormalisedInput), ("L6", "norm", NoAffine), ("L6", "norm", NoShift),
            ("L6", "norm", GainPlusOne), ("L6", "norm", OtherNorm), ("C1", "scores_scaled", ScaledByWidth)]
