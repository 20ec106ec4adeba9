"""Right ways to compute attention that round differently, or hand over other steps, than the plain one."""
import math

import numpy as np

from mistakes import require
from naive_attention import Attention

RIGHT = {"plain": Attention}


def right(cls):
    RIGHT[cls.__name__] = cls
    return cls


@right
class QueriesScaledFirst(Attention):
    def scaled(self, raw):
        return raw

    def products(self, q, k):
        return super().products(q * self.dtype.type(self.factor()), k)

    def stored(self, steps):
        return {name: tensor for name, tensor in steps.items() if name != "scores_raw"}


@right
class FiniteFill(Attention):
    exports_mask = False

    def masked(self, scores, keep):
        require(keep.any(axis=-1).all())
        return np.where(keep, scores + self.added(), self.dtype.type(-1e9))


@right
class MaximumNotSubtracted(Attention):
    def exponentials(self, scores):
        require(scores.max() < 60)
        return np.exp(scores)


@right
class PowersOfTwo(Attention):
    def exponentials(self, scores):
        top = scores.max(axis=-1, keepdims=True)
        return np.exp2((scores - np.where(np.isfinite(top), top, 0)) * self.dtype.type(math.log2(math.e)))


@right
class SummedBackwards(Attention):
    def products(self, q, k):
        total = np.zeros(q.shape[:3] + k.shape[2:3], self.dtype)
        for d in reversed(range(q.shape[-1])):
            total = total + q[..., :, None, d] * k[..., None, :, d]
        return total


@right
class DividedLast(Attention):
    """Weights are never normalised; the sum is divided out of the mixed values, as fused kernels do."""

    def softmax(self, scores, keep):
        self.exponentials_kept = self.exponentials(scores)
        return super().softmax(scores, keep)

    def mix(self, weights, v):
        require(self.exponentials_kept.sum(axis=-1).all())
        mixed = super().mix(self.exponentials_kept, v)
        return mixed / self.exponentials_kept.sum(axis=-1, keepdims=True)

    def stored(self, steps):
        kept = ("q", "k", "v", "heads", "merged", "output")
        return {name: steps[name] for name in kept if name in steps}
