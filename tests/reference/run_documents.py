"""Where the course documents' own code departs from what they say, run in PyTorch and handed to --verify: each
departure is found and named, and what departs only in words is not held against it.

    run_documents.py ATTN_COMPUTE

Exit status 77 (skipped) without PyTorch."""

import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

try:
    import torch
    from torch import nn
except ImportError:
    torch = None

TOOL = pathlib.Path(sys.argv[1]).resolve()
SEED = 5
BATCH, LENGTH, WIDTH, HEADS = 3, 5, 12, 3


def split(rows):
    """(B, L, H·D) to (B, H, L, D)."""
    return rows.unflatten(-1, (HEADS, -1)).transpose(1, 2)


def merged(heads):
    return heads.transpose(1, 2).flatten(2)


class Documents(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="attnscope-documents-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        torch.manual_seed(SEED)

    def save(self, name, tensors):
        np.savez(self.folder / name, **{key: tensor.detach().numpy() for key, tensor in tensors.items()})

    def judge(self, module, x, steps, *options, code):
        """The report on these steps, against the module's weights and this input."""
        self.save("weights.npz", module.state_dict())
        self.save("x.npz", {"x": x})
        self.save("theirs.npz", steps)
        run = subprocess.run([TOOL, "mha", "--heads", str(HEADS), "--weights", "weights.npz", "--input", "x.npz:x", *options,
                              "--verify", "theirs.npz", "-f", "json"], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual((run.returncode, run.stderr), (code, ""))
        return json.loads(run.stdout)

    def named(self, *arguments):
        """(first wrong step, ids of the diagnosis) of a report that has to find a mistake."""
        report = self.judge(*arguments, code=1)
        self.assertEqual(report["verdict"], "mismatch")
        return report["first_divergent_step"], [one["id"] for one in report["diagnosis"]]

    def test_the_second_document_divides_by_the_root_of_the_embedding_width(self):
        size = WIDTH // HEADS
        module = nn.Module()
        module.values, module.keys, module.queries = (nn.Linear(size, size, bias=False) for _ in range(3))
        module.fc_out = nn.Linear(WIDTH, WIDTH)
        x = torch.randn(BATCH, LENGTH, WIDTH)
        q, k, v = (linear(split(x)) for linear in (module.queries, module.keys, module.values))
        raw = q @ k.transpose(-2, -1)
        scaled = raw / math.sqrt(WIDTH)
        weights = scaled.softmax(-1)
        output = module.fc_out(merged(weights @ v))
        steps = {"scores_raw": raw, "scores_scaled": scaled, "weights": weights, "output": output}
        self.assertEqual(self.named(module, x, steps, "--layout", "shared-head"), ("scores_scaled", ["C1"]))
        self.assertEqual(self.named(module, x, {"output": output}, "--layout", "shared-head"), ("output", ["C1"]))

    def test_the_second_documents_block_attends_across_the_batch_axis(self):
        module = nn.MultiheadAttention(WIDTH, HEADS)  # sequence first, and given the batch first
        x = torch.randn(BATCH, LENGTH, WIDTH)
        output, _ = module(x, x, x)
        self.assertEqual(self.named(module, x, {"output": output}), ("output", ["S3"]))
        right = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        right.load_state_dict(module.state_dict())
        self.judge(right, x, {"output": right(x, x, x)[0]}, code=0)

    def test_the_third_documents_fill_is_a_convention_where_every_query_has_a_key(self):
        report = self.judge(*self.filled([5, 3, 2]), "--layout", "d2l", "--valid-lens", "5,3,2", code=0)
        self.assertEqual(report["verdict"], "match")
        self.assertEqual([(one["id"], one["equivalent"]) for one in report["diagnosis"]], [("M9", True)])

    def test_the_third_documents_fill_is_named_where_a_query_has_no_key(self):
        arguments = (*self.filled([5, 0, 2]), "--layout", "d2l", "--valid-lens", "5,0,2")
        _, ids = self.named(*arguments)
        self.assertIn("M9", ids)

    @staticmethod
    def filled(valid_lens):
        """(module, input, steps) with a fill of -1e6 behind the valid length of each sample."""
        names = ("W_q", "W_k", "W_v", "W_o")
        module = nn.ModuleDict({name: nn.Linear(WIDTH, WIDTH, bias=False) for name in names})
        x = torch.randn(BATCH, LENGTH, WIDTH)
        q, k, v = (split(module[name](x)) for name in names[:3])
        scaled = q @ k.transpose(-2, -1) / math.sqrt(WIDTH // HEADS)
        hidden = torch.arange(LENGTH) >= torch.tensor(valid_lens)[:, None, None, None]
        scores = scaled.masked_fill(hidden, -1e6)
        weights = scores.softmax(-1)
        return module, x, {"scores_scaled": scaled, "scores_masked": scores, "weights": weights, "output": module["W_o"](merged(weights @ v))}


if __name__ == "__main__":
    if torch is None:
        print("skipped: this Python has no torch")
        sys.exit(77)
    print(f"torch {torch.__version__}, seed {SEED}")
    unittest.main(argv=sys.argv[:1])
