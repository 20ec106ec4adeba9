"""Attention as a reader would write it down, one small method a stage, so that a mistake can replace one.

Written from the formulas alone; it shares nothing with the program under test. Weights have PyTorch's
orientation, [out, in]. Every array of a run has the run's dtype.
"""
import math

import numpy as np


class NotApplicable(Exception):
    """The mistake cannot be made with this problem."""


class Attention:
    """One run of a problem (problems.py). `run` gives the steps by name, in order of computation."""

    name = "right"
    exports_mask = True

    def __init__(self, problem, dtype=np.float64):
        self.p = problem
        self.dtype = np.dtype(dtype)
        self.w = {name: self.cast(array) for name, array in problem.weights.items()}
        self.seed = 7

    def cast(self, array):
        return None if array is None else np.asarray(array, self.dtype)

    # ---- sources and linear maps

    def sources(self):
        x = self.cast(self.p.x)
        memory = x if self.p.memory is None else self.cast(self.p.memory)
        return x, memory, memory if self.p.memory_value is None else self.cast(self.p.memory_value)

    def linear(self, rows, which):
        mapped = rows @ self.w["w_" + which].T
        bias = self.w.get("b_" + which)
        return mapped if bias is None else mapped + bias

    def project(self, x, keys, values):
        return self.linear(x, "q"), self.linear(keys, "k"), self.linear(values, "v")

    def split(self, rows, heads):
        """[B, L, heads·D] to [B, heads, L, D]."""
        batch, length, width = rows.shape
        return rows.reshape(batch, length, heads, width // heads).transpose(0, 2, 1, 3)

    def split_all(self, q, k, v):
        return self.split(q, self.p.heads), self.split(k, self.p.kv_heads), self.split(v, self.p.kv_heads)

    def adjusted(self, q, k, v):
        """The split tensors on their way to the scores."""
        return q, k, v

    def appended(self, q, k, v):
        """The keys and values that the module itself adds at the end of every sequence."""
        for key, value in self.p.extra_keys:
            key, value = (self.split(np.repeat(self.cast(row), self.p.batch, axis=0), self.p.heads) for row in (key, value))
            k, v = np.concatenate([k, key], axis=2), np.concatenate([v, value], axis=2)
        return q, k, v

    # ---- scores

    def for_query_heads(self, tensor):
        """[B, Hk, L, D] to [B, H, L, D]: query head h reads head h // (H / Hk)."""
        group = self.p.heads // self.p.kv_heads
        return np.stack([tensor[:, h // group] for h in range(self.p.heads)], axis=1)

    def products(self, q, k):
        return np.einsum("bhid,bhjd->bhij", q, k)

    def factor(self):
        return 1 / math.sqrt(self.p.head_dim) if self.p.scale is None else self.p.scale

    def scaled(self, raw):
        return raw * self.dtype.type(self.factor())

    def capped(self, scores):
        cap = self.dtype.type(self.p.softcap)
        return cap * np.tanh(scores / cap)

    # ---- which keys a query may see

    def first_position(self, sample):
        """Position of query 0 among the keys."""
        if self.p.align == "bottom-right":
            last = self.p.valid_lens[sample] if self.p.valid_lens else self.p.keys
            return last - self.p.queries
        return self.p.past

    def sees_causally(self, position, j):
        return j <= position

    def in_window(self, position, j):
        left, right = self.p.window
        return (left < 0 or j >= position - left) and (right < 0 or j <= position + right)

    def is_valid(self, sample, head, i, j):
        return j < self.p.valid_lens[sample]

    def given_mask(self):
        """Broadcast to [B, H, Lq, Lk]: booleans that keep, or floats to add."""
        shape = (self.p.batch, self.p.heads, self.p.queries, self.p.keys)
        return np.broadcast_to(self.p.mask, shape)

    def rules(self):
        """One boolean tensor [B, H, Lq, Lk] for each rule of the problem: True may attend."""
        p = self.p
        checks = {}
        if p.causal:
            checks["causal"] = lambda b, h, i, j: self.sees_causally(i + self.first_position(b), j)
        if p.valid_lens:
            checks["padding"] = self.is_valid
        if p.window:
            checks["window"] = lambda b, h, i, j: self.in_window(i + self.first_position(b), j)
        cells = [(b, h, i, j) for b in range(p.batch) for h in range(p.heads)
                 for i in range(p.queries) for j in range(p.keys)]
        shape = (p.batch, p.heads, p.queries, p.keys)
        rules = {name: np.array([bool(check(*cell)) for cell in cells]).reshape(shape)
                 for name, check in checks.items()}
        if p.mask is not None:
            given = self.given_mask()
            rules["given"] = given if given.dtype == bool else ~np.isneginf(given)
        return rules

    def keep(self):
        """All rules together; None for a problem without a mask."""
        rules = list(self.rules().values())
        return np.logical_and.reduce(rules) if rules else None

    def added(self):
        """The numbers a float mask adds where it does not forbid."""
        if self.p.mask is None or self.p.mask.dtype == bool:
            return self.dtype.type(0)
        given = self.given_mask()
        return np.where(np.isneginf(given), 0, given).astype(self.dtype)

    def masked(self, scores, keep):
        return np.where(keep, scores + self.added(), self.dtype.type(self.p.fill))

    # ---- softmax and the way back

    def exponentials(self, scores):
        top = np.max(scores, axis=-1, keepdims=True)
        return np.exp(scores - np.where(np.isfinite(top), top, 0))

    def normalised(self, exponentials):
        with np.errstate(invalid="ignore", divide="ignore"):
            return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def without_empty_rows(self, weights, scores):
        empty = np.all(np.isneginf(scores), axis=-1, keepdims=True)
        return np.where(empty, self.dtype.type(0), weights)

    def softmax(self, scores, keep):
        return self.without_empty_rows(self.normalised(self.exponentials(scores)), scores)

    def mix(self, weights, v):
        return np.einsum("bhij,bhjd->bhid", weights, v)

    def merge(self, heads):
        batch, count, length, width = heads.shape
        return heads.transpose(0, 2, 1, 3).reshape(batch, length, count * width)

    def finish(self, heads, merged):
        if self.p.kind == "module":
            return merged if self.w.get("w_o") is None else self.linear(merged, "o")
        return {2: merged[0], 3: merged, 4: heads}[self.p.rank]

    # ---- all together

    def run(self):
        steps = {}
        q, k, v = self.begin(steps)
        steps.update(q=q, k=k, v=v)
        if self.p.past:
            past_k, past_v = self.cast(self.p.past_key), self.cast(self.p.past_value)
            k, v = np.concatenate([past_k, k], axis=2), np.concatenate([past_v, v], axis=2)
            steps.update(past_key=past_k, past_value=past_v, present_key=k, present_value=v)
        scores = self.scores(steps, q, k)
        with np.errstate(invalid="ignore", over="ignore"):
            weights = self.softmax(scores, steps.get("keep"))
            heads = self.mix(weights, self.for_query_heads(v))
            merged = self.merge(heads)
            output = self.finish(heads, merged)
        steps.update(weights=weights, heads=heads)
        if self.p.averages:
            steps["weights_averaged"] = weights.mean(axis=1)
        if self.p.kind == "module":
            steps["merged"] = merged
        steps["output"] = output
        steps.pop("keep", None)
        return {name: np.asarray(array, self.dtype) for name, array in self.stored(steps).items()}

    def begin(self, steps):
        if self.p.kind == "given":
            q, k, v = (self.cast(array) for array in (self.p.q, self.p.k, self.p.v))
            if self.p.rank == 2:
                q, k, v = q[None], k[None], v[None]
            return self.adjusted(*((q, k, v) if self.p.rank == 4 else self.split_all(q, k, v)))
        steps["x"] = self.cast(self.p.x)
        if self.p.memory is not None:
            steps["memory"] = self.cast(self.p.memory)
        if self.p.memory_value is not None:
            steps["memory_value"] = self.cast(self.p.memory_value)
        projected = self.project(*self.sources())
        steps.update(zip(("q_proj", "k_proj", "v_proj"), projected))
        return self.adjusted(*self.appended(*self.split_all(*projected)))

    def scores(self, steps, q, k):
        raw = self.products(q, self.for_query_heads(k))
        scores = self.scaled(raw)
        steps.update(scores_raw=raw, scores_scaled=scores)
        if self.p.softcap:
            scores = steps["scores_capped"] = self.capped(scores)
        keep = self.keep()
        if keep is None:
            steps["scores_masked"] = scores
            return scores
        steps["keep"] = keep
        if self.exports_mask:
            steps["mask"] = np.where(keep, self.added(), -np.inf)
        steps["scores_masked"] = self.masked(scores, keep)
        return steps["scores_masked"]

    def stored(self, steps):
        """What is handed over, by name."""
        return steps
