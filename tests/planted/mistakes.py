"""Mistakes about shapes and projections, each a class that replaces a stage of Attention.

A name is the id in the catalogue, with a variant behind a point where there are several: "C5.raw".
`MISTAKES` has them all once the other modules are imported, which catalogue.py does.
"""
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
        require(self.p.layout == "torch" and len({w["w_" + letter].shape for letter in "qkv"}) == 1)
        sizes = {"3": 3, "H": self.p.heads, "D": self.p.head_dim}
        for part in ("w_", "b_") if "b_q" in w else ("w_",):
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
    require(not self.p.extra_keys)
    for letter, factor in (("q", 2), ("k", 0.5)):
        for part in ("w_", "b_"):
            if part + letter in w:
                w[part + letter] = w[part + letter] * self.dtype.type(factor)


def values_rescaled(self, w):
    require(not self.p.extra_keys)
    require(w.get("w_o") is not None)
    w["w_o"] = w["w_o"] * self.dtype.type(0.25)
    for name in ("w_v", "b_v"):
        if name in w:
            w[name] = w[name] * self.dtype.type(4)


define_weights("P9.queries", rescaled)
define_weights("P9.values", values_rescaled)
