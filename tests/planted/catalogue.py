"""Every mistake of the generator by name, and the tensors it gives."""
import numpy as np

import mistakes_of_heads
import mistakes_of_masks
import mistakes_of_softmax
from mistakes import MISTAKES
from naive_attention import Attention, NotApplicable

# The modules fill MISTAKES as they are read.
MODULES = (mistakes_of_heads, mistakes_of_masks, mistakes_of_softmax)


def id_of(name):
    return name.split(".")[0]


def difference(a, b):
    """The largest difference, measured by the largest magnitude; infinite where infinities or NaN differ."""
    if a.shape != b.shape:
        return np.inf
    finite = np.isfinite(b)
    if not np.array_equal(np.isfinite(a), finite):
        return np.inf
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return np.inf
    largest = np.abs(a[finite] - b[finite]).max(initial=0)
    return largest / np.abs(b[finite]).max(initial=0) if largest else 0.0


class Runs:
    """Every mistake made with every problem, in float64, each computed once."""

    def __init__(self, problems):
        self.problems = problems
        self.kept = {}

    def steps(self, problem, name):
        key = problem.name, name
        if key not in self.kept:
            cls = Attention if name == "right" else MISTAKES[name]
            try:
                self.kept[key] = cls(problem).run()
            except (NotApplicable, ValueError):
                self.kept[key] = None
        return self.kept[key]

    def ties(self, problem, observed, tolerance):
        """Every id whose mistake gives these tensors."""
        ids = set()
        for name in MISTAKES:
            steps = self.steps(problem, name)
            if steps is None:
                continue
            compared = [step for step in observed if step in steps or step != "mask"]
            if all(step in steps and difference(steps[step], observed[step]) < tolerance for step in compared):
                ids.add(id_of(name))
        return ids
