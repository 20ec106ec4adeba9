"""Mistakes about the softmax, the soft cap and precision; see mistakes.py."""
import math

import numpy as np

from mistakes import define, mistake, require
from mistakes_of_masks import NoMaskStep
from naive_attention import Attention

# ---- softmax

def softmax_over(*axes):
    def exponentials(self, scores):
        top = np.max(scores, axis=axes, keepdims=True)
        return np.exp(scores - np.where(np.isfinite(top), top, 0))

    def normalised(self, values):
        total = values.sum(axis=axes, keepdims=True)
        require((total > 0).all())
        return values / total
    return {"exponentials": exponentials, "normalised": normalised}


def overflowing(self, scores):
    """exp without the maximum taken off, with float32's range in float64 too."""
    limit = math.log(float(np.finfo(np.float32).max))
    return np.where(scores > limit, np.inf, np.exp(np.minimum(scores, limit))).astype(self.dtype)


define("W1", **softmax_over(2))
define("W1.batch", **softmax_over(0))
define("W2.heads", **softmax_over(1))
define("W2.both", **softmax_over(1, 3))
define("W3", exponentials=overflowing)


@mistake("W4")
class DropoutActive(Attention):
    def softmax(self, scores, keep):
        weights = super().softmax(scores, keep)
        kept = np.random.default_rng(self.seed).random(weights.shape) >= 0.25
        return np.where(kept, weights / self.dtype.type(0.75), self.dtype.type(0))


def averaged(self, steps):
    require(self.p.heads > 1)
    mean = steps["weights"].mean(axis=1, keepdims=True)
    return {**steps, "weights": np.broadcast_to(mean, steps["weights"].shape)}


define("W5", stored=averaged)
define("W5.one", stored=lambda self, steps: {**steps, "weights": averaged(self, steps)["weights"][:, 0]})
@mistake("W6")
class ApproximateExponential(Attention):
    """exp(x) as (1 + x/256)^256, which old networks used because eight squarings are cheap."""

    def exponentials(self, scores):
        forbidden = np.isneginf(scores)
        below_top = np.where(forbidden, 0, scores) - scores.max(axis=-1, keepdims=True)
        powers = np.maximum(1 + below_top / 256, 0) ** 256
        return np.where(forbidden, 0, powers).astype(self.dtype)


def all_ones(self, scores, keep):
    require(keep is None)
    return np.ones_like(scores)


define("W7", softmax=all_ones)

# ---- soft cap


@mistake("X1")
class CapAfterMask(NoMaskStep):
    def masked(self, scores, keep):
        require(self.p.softcap)
        cap = self.dtype.type(self.p.softcap)
        return np.where(keep, scores, -cap)


def other_cap(value):
    def capped(self, scores):
        return scores if value is None else self.dtype.type(value) * np.tanh(scores / self.dtype.type(value))
    return capped


define("X2.missing", capped=other_cap(None))
define("X2.30", capped=other_cap(30.0))
define("X2.50", capped=other_cap(50.0))

# ---- reduced precision


def rounded_to_bits(array, bits):
    """Rounds float32 to `bits` explicit bits of mantissa: 7 is bfloat16, 10 is TF32."""
    pattern = np.asarray(array, np.float32).view(np.uint32).astype(np.uint64)
    drop = 23 - bits
    pattern = (pattern + (1 << (drop - 1)) - 1 + ((pattern >> np.uint64(drop)) & np.uint64(1))) >> np.uint64(drop)
    return (pattern << np.uint64(drop)).astype(np.uint32).view(np.float32).astype(np.asarray(array).dtype)


FORMATS = {"bfloat16": lambda a: rounded_to_bits(a, 7), "tf32": lambda a: rounded_to_bits(a, 10),
           "float16": lambda a: a.astype(np.float16).astype(a.dtype)}


def products_in(name):
    rounded = FORMATS[name]
    return lambda self, q, k: Attention.products(self, rounded(q), rounded(k))


for format_name in FORMATS:
    define("T2.scores_" + format_name, products=products_in(format_name))


@mistake("T2.softmax_float16")
class HalfSoftmax(Attention):
    def softmax(self, scores, keep):
        half = FORMATS["float16"]
        return half(super().softmax(half(scores), keep))


@mistake("T2.output_bfloat16")
class BrainOutput(Attention):
    def finish(self, heads, merged):
        require(self.w.get("w_o") is not None)
        short = FORMATS["bfloat16"]
        saved, self.w = self.w, {**self.w, "w_o": short(self.w["w_o"])}
        output = super().finish(short(heads), short(merged))
        self.w = saved
        return output
