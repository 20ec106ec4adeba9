"""Mistakes about heads and the scale; see mistakes.py."""
import math

import numpy as np

from mistakes import define, define_weights, mistake, require
from naive_attention import Attention

# ---- heads


@mistake("H1")
class SplitWithoutTranspose(Attention):
    def split(self, rows, heads):
        batch, length, width = rows.shape
        return rows.reshape(batch, heads, length, width // heads)


@mistake("H2")
class MergedWithoutTranspose(Attention):
    def merge(self, heads):
        batch, count, length, width = heads.shape
        return heads.reshape(batch, length, count * width)


def keep_diagonal_blocks(self, w):
    p = self.p
    require(p.heads > 1 and p.heads == p.kv_heads and p.d_model == p.heads * p.head_dim == p.heads * p.value_dim)
    block = np.kron(np.eye(p.heads), np.ones((p.head_dim, p.head_dim))).astype(self.dtype)
    for letter in "qkv":
        w["w_" + letter] = w["w_" + letter] * block


define_weights("H3", keep_diagonal_blocks)


@mistake("H4.split")
class StridedSplit(Attention):
    def split(self, rows, heads):
        batch, length, width = rows.shape
        return rows.reshape(batch, length, width // heads, heads).transpose(0, 3, 1, 2)


@mistake("H4.merge")
class StridedMerge(Attention):
    def merge(self, heads):
        batch, count, length, width = heads.shape
        return heads.transpose(0, 2, 3, 1).reshape(batch, length, width * count)


@mistake("H4.reversed")
class HeadsReversed(Attention):
    def split(self, rows, heads):
        require(self.p.heads == self.p.kv_heads)
        return super().split(rows, heads)[:, ::-1]


def as_head_major(tensor):
    """Written at b·H + h, read at h·B + b."""
    batch, heads, length, width = tensor.shape
    return tensor.reshape(heads, batch, length, width).transpose(1, 0, 2, 3)


@mistake("H5.split")
class SplitHeadMajor(Attention):
    def adjusted(self, q, k, v):
        return as_head_major(q), as_head_major(k), as_head_major(v)


@mistake("H5.heads")
class HeadsHeadMajor(Attention):
    def mix(self, weights, v):
        return as_head_major(super().mix(weights, v))


@mistake("G1")
class TiledHeads(Attention):
    def for_query_heads(self, tensor):
        require(1 < self.p.kv_heads < self.p.heads)
        return np.concatenate([tensor] * (self.p.heads // self.p.kv_heads), axis=1)


@mistake("G2")
class RepeatedAlongTheSequence(Attention):
    def __init__(self, problem, dtype=np.float64):
        require(problem.kv_heads < problem.heads and not problem.causal and not problem.valid_lens
                and problem.mask is None and not problem.window)
        super().__init__(problem, dtype)

    def for_query_heads(self, tensor):
        group = self.p.heads // self.p.kv_heads
        return super().for_query_heads(np.concatenate([tensor] * group, axis=2))

# ---- scale

def other_factor(name, factor):
    define(name, factor=factor)


def own_scale(self):
    require(self.p.scale is None)
    return 1 / math.sqrt(self.p.head_dim)


def width_scale(self):
    require(self.p.scale in (None, 1.0))
    return 1 / math.sqrt(self.p.heads * self.p.head_dim)


other_factor("C1", width_scale)
other_factor("C2", lambda self: own_scale(self) * math.sqrt(self.p.head_dim))
other_factor("C3", lambda self: own_scale(self) ** 2)
other_factor("C4", lambda self: own_scale(self) * self.p.head_dim)
other_factor("C5.after", lambda self: own_scale(self) ** 2)
other_factor("C7.layer", lambda self: Attention.factor(self) / 3)


def default_scale(self):
    require(self.p.scale is not None)
    return 1 / math.sqrt(self.p.head_dim)


other_factor("C7.ignored", default_scale)
define("C5.raw", products=lambda self, q, k: Attention.products(self, q, k) * self.dtype.type(own_scale(self)))
define("C5.q", adjusted=lambda self, q, k, v: (q * self.dtype.type(own_scale(self)), k, v))
define("C6.q", adjusted=lambda self, q, k, v: (q * self.dtype.type(Attention.factor(self)), k, v),
       factor=lambda self: 1)
define("C6.raw", products=lambda self, q, k: Attention.products(self, q, k) * self.dtype.type(Attention.factor(self)),
       factor=lambda self: 1)


@mistake("C6.both")
class ScaleSplit(Attention):
    def adjusted(self, q, k, v):
        root = self.dtype.type(math.sqrt(Attention.factor(self)))
        require(not self.p.past)
        return q * root, k * root, v

    def factor(self):
        return 1
