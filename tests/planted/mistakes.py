"""Mistakes about shapes, projections, heads and scale, each a class that replaces a stage of Attention.

A name is the id in the catalogue, with a variant behind a point where there are several: "C5.raw".
`MISTAKES` has them all once mistakes_of_masks.py is imported too.
"""
import math

import numpy as np

from naive_attention import Attention, NotApplicable

MISTAKES = {}


def mistake(name):
    def register(cls):
        cls.name = name
        MISTAKES[name] = cls
        return cls
    return register


def define(name, **methods):
    """A mistake that replaces a few short methods."""
    mistake(name)(type(name, (Attention,), methods))


def require(condition):
    if not condition:
        raise NotApplicable


# ---- shapes and interfaces

@mistake("S3")
class BatchAndSequenceExchanged(Attention):
    """Reads (B, L, E) as (L, B, E), as nn.MultiheadAttention does without batch_first."""

    def __init__(self, problem, dtype=np.float64):
        require(problem.is_self and not problem.valid_lens and not problem.causal and problem.mask is None)
        super().__init__(problem, dtype)

    def split_all(self, *projected):
        return super().split_all(*(rows.transpose(1, 0, 2) for rows in projected))

    def merge(self, heads):
        return super().merge(heads).transpose(1, 0, 2)


class OneSampleForAll(Attention):
    def __init__(self, problem, dtype=np.float64):
        require(problem.batch > 1)
        super().__init__(problem, dtype)


@mistake("S4.memory")
class MemoryOfSampleZero(OneSampleForAll):
    def sources(self):
        require(self.p.memory is not None)
        x, keys, values = super().sources()
        return x, np.broadcast_to(keys[:1], keys.shape), np.broadcast_to(values[:1], values.shape)


@mistake("S4.padding")
class PaddingOfSampleZero(OneSampleForAll):
    def is_valid(self, sample, head, i, j):
        return j < self.p.valid_lens[0]


@mistake("S4.mask")
class MaskOfSampleZero(OneSampleForAll):
    def given_mask(self):
        mask = super().given_mask()
        return np.broadcast_to(mask[:1], mask.shape)


define("S5", stored=lambda self, steps: {**steps, "weights": steps["weights"].transpose(0, 1, 3, 2)})

# ---- projections


class WrongWeights(Attention):
    """The weights are spoilt before anything is computed."""

    def __init__(self, problem, dtype=np.float64):
        require(problem.kind == "module")
        super().__init__(problem, dtype)
        self.w = dict(self.w)
        self.spoil(self.w)


def define_weights(name, spoil):
    mistake(name)(type(name, (WrongWeights,), {"spoil": spoil}))


def transposed(*which):
    def spoil(self, w):
        for letter in which:
            weight = w.get("w_" + letter)
            require(weight is not None and weight.shape[0] == weight.shape[1])
            w["w_" + letter] = weight.T.copy()
    return spoil


def exchanged(a, b):
    def spoil(self, w):
        require(w["w_" + a].shape == w["w_" + b].shape)
        for part in ("w_", "b_"):
            if part + a in w:
                w[part + a], w[part + b] = w[part + b], w[part + a]
    return spoil


def without_bias(*which):
    def spoil(self, w):
        for letter in which:
            require("b_" + letter in w)
            w.pop("b_" + letter)
    return spoil


def extra_bias(letter):
    def spoil(self, w):
        require("b_" + letter not in w and "w_" + letter in w)
        random = np.random.default_rng(self.seed).standard_normal(w["w_" + letter].shape[0])
        w["b_" + letter] = self.cast(random)
    return spoil


def unpacked_as(*order):
    """The packed rows [3, H, D] read in another order: `order` says which axis each of 3, H, D is."""
    def spoil(self, w):
        require(self.p.layout == "torch")
        sizes = {"3": 3, "H": self.p.heads, "D": self.p.head_dim}
        for part in ("w_", "b_"):
            packed = np.concatenate([w[part + letter] for letter in "qkv"])
            read = packed.reshape(*(sizes[axis] for axis in order), *packed.shape[1:])
            moved = np.moveaxis(read, [order.index(axis) for axis in "3HD"], [0, 1, 2])
            for index, letter in enumerate("qkv"):
                w[part + letter] = moved[index].reshape(w[part + letter].shape)
    return spoil


for letters in ("qkv", "q", "k", "v"):
    define_weights("P1." + letters, transposed(*letters))
define_weights("P2.qk", exchanged("q", "k"))
define_weights("P2.kv", exchanged("k", "v"))
define_weights("P2.qv", exchanged("q", "v"))
for letters in ("q", "k", "v", "o", "qkvo"):
    define_weights("P3." + letters, without_bias(*letters))
define_weights("P3.extra_v", extra_bias("v"))
define_weights("P3.extra_o", extra_bias("o"))
define_weights("P4.H3D", unpacked_as("H", "3", "D"))
define_weights("P4.HD3", unpacked_as("H", "D", "3"))
define_weights("P8.transposed", transposed("o"))


@mistake("P5")
class KeysTimesQueries(Attention):
    def products(self, q, k):
        require(self.p.queries == self.p.keys)
        return np.einsum("bhid,bhjd->bhij", k, q)


@mistake("P6")
class SourcesExchanged(Attention):
    def __init__(self, problem, dtype=np.float64):
        require(problem.memory is not None and not problem.valid_lens and problem.mask is None)
        super().__init__(problem, dtype)

    def sources(self):
        x, keys, _ = super().sources()
        return keys, x, x


@mistake("P7.unprojected")
class ValuesNotProjected(Attention):
    def project(self, x, keys, values):
        q, k, v = super().project(x, keys, values)
        require(v.shape == values.shape)
        return q, k, values


@mistake("P7.keys")
class ValuesFromKeys(Attention):
    def project(self, x, keys, values):
        q, k, v = super().project(x, keys, values)
        require(k.shape == v.shape)
        return q, k, k


@mistake("P8.missing")
class NoOutputMap(Attention):
    def finish(self, heads, merged):
        require(self.w.get("w_o") is not None and merged.shape[-1] == self.p.d_model)
        return merged


def rescaled(self, w):
    for letter, factor in (("q", 2), ("k", 0.5)):
        for part in ("w_", "b_"):
            if part + letter in w:
                w[part + letter] = w[part + letter] * self.dtype.type(factor)


def values_rescaled(self, w):
    require(w.get("w_o") is not None)
    w["w_o"] = w["w_o"] * self.dtype.type(0.25)
    for name in ("w_v", "b_v"):
        if name in w:
            w[name] = w[name] * self.dtype.type(4)


define_weights("P9.queries", rescaled)
define_weights("P9.values", values_rescaled)

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


other_factor("C1", lambda self: own_scale(self) / math.sqrt(self.p.heads))
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
define("C6.q", adjusted=lambda self, q, k, v: (q * self.dtype.type(Attention.factor(self)), k, v), factor=lambda self: 1)
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
