"""Mistakes about masks; see mistakes.py."""
import math

import numpy as np

from mistakes import define, mistake, require
from naive_attention import Attention


class NoMaskStep(Attention):
    """Hands over no `mask`: its own is not an additive one, or it has none."""

    exports_mask = False


def changed_rule(name, rule, change, empty="zero"):
    """Another keep tensor for one rule ("all" for their combination). `empty` says what becomes of a row
    without any key: zero as in the problem, nan, or uniform."""

    def keep(self):
        rules = self.rules()
        require(rule == "all" and rules or rule in rules)
        if rule == "all":
            return change(self, np.logical_and.reduce(list(rules.values())))
        rules[rule] = change(self, rules[rule])
        return np.logical_and.reduce(list(rules.values()))

    methods = {"keep": keep}
    if empty == "nan":
        methods["without_empty_rows"] = lambda self, weights, scores: weights
    if empty == "uniform":
        methods["masked"] = lambda self, scores, keep: np.where(keep, scores + self.added(), self.dtype.type(-1e9))
        methods["exports_mask"] = False
    define(name, **methods)


# ---- the set of keys

for rule_name in ("all", "padding", "causal", "given"):
    changed_rule("M1." + rule_name, rule_name, lambda self, keep: ~keep)
changed_rule("M1.all_nan", "all", lambda self, keep: ~keep, empty="nan")


def along_queries(self, keep):
    require(self.p.is_self)
    return keep.transpose(0, 1, 3, 2)


changed_rule("M2", "padding", along_queries)
changed_rule("M2.uniform", "padding", along_queries, empty="uniform")
define("M7.minus", sees_causally=lambda self, position, j: j < position)
define("M7.plus", sees_causally=lambda self, position, j: j <= position + 1)
define("M16", sees_causally=lambda self, position, j: j >= position)


def other_corner(self, sample):
    require(self.p.causal and not self.p.window)
    if self.p.align == "bottom-right" or self.p.past:
        return 0
    return self.p.keys - self.p.queries


define("M8", first_position=other_corner)


def repeated_by_head(self, keep):
    p = self.p
    require(p.batch > 1 and p.heads > 1 and (keep == keep[:, :1]).all())
    flat = np.concatenate([keep[:, 0]] * p.heads)  # h·B + b, read as b·H + h
    return flat.reshape(p.batch, p.heads, p.queries, p.keys)


changed_rule("M12.padding", "padding", repeated_by_head)
changed_rule("M12.given", "given", repeated_by_head)


def resized_window(left_change, right_change):
    def in_window(self, position, j):
        left, right = self.p.window
        require(left >= 0 and right >= 0 and left + left_change >= 0)
        return position - left - left_change <= j <= position + right + right_change
    return in_window


define("M13.minus", in_window=resized_window(-1, 0))
define("M13.plus", in_window=resized_window(1, 0))
define("M13.right", in_window=resized_window(0, 1))


def without_rule(name):
    def rules(self):
        kept = Attention.rules(self)
        require(name in kept or name == "all" and kept)
        return {} if name == "all" else {rule: keep for rule, keep in kept.items() if rule != name}
    return rules


def added_unless(name):
    return lambda self: self.dtype.type(0) if name in ("all", "given") else Attention.added(self)


for rule_name in ("all", "causal", "padding", "given", "window"):
    mistake("M15." + rule_name)(type("Ignored", (NoMaskStep,), {"rules": without_rule(rule_name),
                                                                "added": added_unless(rule_name)}))

# ---- how forbidden scores are removed


class UnmaskedScores(Attention):
    """The mask comes after the softmax."""

    renormalises = False

    def masked(self, scores, keep):
        return scores + self.added()

    def softmax(self, scores, keep):
        require(keep is not None)
        weights = super().softmax(scores, keep) * keep
        if self.renormalises:
            weights = self.without_empty_rows(self.normalised(weights), np.where(keep, 0, -np.inf))
        return weights


mistake("M3")(type("MaskAfterSoftmax", (UnmaskedScores,), {}))
mistake("M4")(type("MaskAfterSoftmaxRenormalised", (UnmaskedScores,), {"renormalises": True}))
mistake("M4.nan")(type("MaskAfterSoftmaxEmptyRows", (UnmaskedScores,), {
    "renormalises": True, "without_empty_rows": lambda self, weights, scores: weights}))


def filled_with(value, exports=False):
    def masked(self, scores, keep):
        return np.where(keep, scores + self.added(), self.dtype.type(value(self) if callable(value) else value))
    return {"masked": masked, "exports_mask": exports}


define("M5", **filled_with(0.0, exports=True))
define("M9.1", **filled_with(-1.0))
define("M9.10", **filled_with(-10.0))
define("M9.1e4", **filled_with(-1e4))
define("M9.1e6", **filled_with(-1e6))
define("M9.1e9", **filled_with(-1e9))


def minus_cap(self):
    require(self.p.softcap)
    return -self.p.softcap


define("M9.cap", **filled_with(minus_cap))
define("M6.keep", masked=lambda self, scores, keep: scores + keep.astype(self.dtype), exports_mask=False)
define("M6.drop", masked=lambda self, scores, keep: scores + (~keep).astype(self.dtype), exports_mask=False)


def fill_added_twice(self, scores, keep):
    require(math.isfinite(self.p.fill))
    return np.where(keep, scores, 2 * self.dtype.type(self.p.fill))


define("M14", masked=fill_added_twice, exports_mask=False)

# ---- rows without any key, and rows nobody reads


def needs_empty_row(self, scores):
    empty = np.all(np.isneginf(scores), axis=-1, keepdims=True)
    require(empty.any())
    return empty


@mistake("M11.nan")
class EmptyRowsNan(Attention):
    def without_empty_rows(self, weights, scores):
        return np.where(needs_empty_row(self, scores), np.nan, weights)


@mistake("M11.uniform")
class EmptyRowsUniform(Attention):
    def without_empty_rows(self, weights, scores):
        return np.where(needs_empty_row(self, scores), 1 / self.p.keys, weights)


@mistake("M17")
class PaddedQueriesEmpty(Attention):
    """A kernel for sequences of different length returns zeros for padded queries."""

    def softmax(self, scores, keep):
        require(self.p.is_self and self.p.valid_lens)
        weights = super().softmax(scores, keep)
        for sample, length in enumerate(self.p.valid_lens):
            weights[sample, :, length:] = 0
        return weights
