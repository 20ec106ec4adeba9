"""Records what PyTorch and NumPy say when attention code has the wrong shape.

Writes errors/pytorch.tsv: rule, source, error line. The rule is the one that `mha-shapes why` should find.
errors/threads.tsv beside it has the same columns for lines seen in public threads, with their address.
Run with Debian's Python:  /usr/bin/python3 make_errors.py
"""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

t = torch.zeros


def mha(**options):
    return nn.MultiheadAttention(8, 2, **options)


CASES = [
    ("divisible", lambda: nn.MultiheadAttention(10, 4)),
    ("unexpected_keyword", lambda: nn.MultiheadAttention(d_model=10, nhead=4)),
    ("missing_argument", lambda: nn.MultiheadAttention(8)),
    ("embed_width", lambda: mha()(t(5, 2, 6), t(5, 2, 6), t(5, 2, 6))),
    ("query_rank", lambda: mha()(t(1, 2, 5, 8), t(1, 2, 5, 8), t(1, 2, 5, 8))),
    ("rank_differs", lambda: mha()(t(5, 2, 8), t(5, 8), t(5, 8))),
    ("rank_differs", lambda: mha()(t(5, 8), t(5, 2, 8), t(5, 2, 8))),
    ("key_value_shape", lambda: mha()(t(5, 2, 8), t(6, 2, 8), t(7, 2, 8))),
    ("key_value_shape", lambda: mha(kdim=3, vdim=4)(t(5, 2, 8), t(6, 2, 3), t(7, 2, 4))),
    ("invalid_view", lambda: mha()(t(5, 2, 8), t(6, 3, 8), t(6, 3, 8))),
    ("attn_mask_2d", lambda: mha()(t(5, 2, 8), t(6, 2, 8), t(6, 2, 8), attn_mask=t(6, 5))),
    ("attn_mask_3d", lambda: mha()(t(5, 2, 8), t(6, 2, 8), t(6, 2, 8), attn_mask=t(2, 5, 6))),
    ("mask_rank", lambda: mha()(t(5, 2, 8), t(5, 2, 8), t(5, 2, 8), attn_mask=t(2, 2, 5, 5))),
    ("padding_shape", lambda: mha()(t(5, 2, 8), t(5, 2, 8), t(5, 2, 8), key_padding_mask=t(5, 2).bool())),
    ("padding_rank", lambda: mha()(t(5, 2, 8), t(5, 2, 8), t(5, 2, 8), key_padding_mask=t(5).bool())),
    ("mask_dtype", lambda: mha()(t(5, 2, 8), t(5, 2, 8), t(5, 2, 8), attn_mask=t(5, 5).long())),
    ("mask_dtype", lambda: mha()(t(5, 2, 8), t(5, 2, 8), t(5, 2, 8), key_padding_mask=t(2, 5).long())),
    ("tuple_added", lambda: t(5, 2, 8) + mha()(t(5, 2, 8), t(5, 2, 8), t(5, 2, 8))),
    ("tuple_added", lambda: mha()(t(5, 2, 8), t(5, 2, 8), t(5, 2, 8)) + t(5, 2, 8)),
    ("tuple_attribute", lambda: mha()(t(5, 2, 8), t(5, 2, 8), t(5, 2, 8)).shape),
    ("tuple_argument", lambda: nn.LayerNorm(8)(mha()(t(5, 2, 8), t(5, 2, 8), t(5, 2, 8)))),
    ("linear_width", lambda: nn.Linear(10, 30)(t(5, 3, 3))),
    ("linear_width", lambda: nn.Linear(100, 100)(t(2, 4, 20))),
    ("invalid_view", lambda: t(2, 4, 10).view(2, 4, 4, 2)),
    ("not_contiguous", lambda: t(2, 5, 4, 20).transpose(1, 2).view(2, 4, 100)),
    ("broadcast_keys", lambda: t(2, 5, 4, 6) + t(2, 1, 1, 7)),
    ("broadcast_queries", lambda: t(2, 5, 4, 6) + t(2, 1, 3, 6)),
    ("broadcast_heads", lambda: t(2, 5, 4, 6) + t(2, 3, 4, 6)),
    ("broadcast_batch", lambda: t(2, 5, 4, 6) + t(3, 1, 4, 6)),
    ("broadcast_keys", lambda: t(2, 5, 4, 6).masked_fill(t(2, 1, 1, 4) == 0, -1e9)),
    ("batch_product", lambda: torch.bmm(t(10, 4, 20), t(10, 4, 20))),
    ("batch_product", lambda: torch.bmm(t(10, 4, 20), t(8, 20, 4))),
    ("einsum", lambda: torch.einsum("bhqd,bhkd->bhqk", t(2, 5, 4, 20), t(2, 5, 4, 10))),
    ("layer_norm", lambda: nn.LayerNorm(100)(t(2, 4, 20))),
    ("feature_number", lambda: nn.Transformer(8, 2, 1, 1)(t(5, 2, 6), t(5, 2, 6))),
    ("batch_number", lambda: nn.Transformer(8, 2, 1, 1)(t(5, 2, 8), t(5, 3, 8))),
    ("token_range", lambda: nn.Embedding(10, 8)(torch.tensor([10]))),
    ("unpack", lambda: unpack_three(t(5, 3))),
    ("axis_range", lambda: t(5, 3).transpose(1, 2)),
    ("concatenate", lambda: torch.cat([t(2, 5, 4, 20), t(2, 4, 1, 20)], dim=2)),
    ("expand", lambda: t(2, 4).expand(2, 5)),
    ("checkpoint_shape", lambda: load(mha(), nn.MultiheadAttention(6, 2))),
    ("checkpoint_names", lambda: load_names()),
    ("dtype", lambda: nn.Linear(8, 8)(t(2, 8).long())),
    ("numpy_matmul", lambda: np.zeros((2, 5, 4, 20)) @ np.zeros((2, 5, 4, 20))),
    ("numpy_broadcast", lambda: np.zeros((2, 5, 4, 4)) + np.zeros((2, 4, 4))),
    ("numpy_align", lambda: np.dot(np.zeros((4, 20)), np.zeros((4, 20)))),
    ("invalid_view", lambda: np.zeros((2, 4, 10)).reshape(2, 4, 4, 3)),
    ("einsum", lambda: np.einsum("qd,kd->qk", np.zeros((4, 20)), np.zeros((4, 10)))),
    ("numpy_concatenate", lambda: np.concatenate([np.zeros((3, 2, 5, 4)), np.zeros((2, 2, 1, 4))], axis=2)),
    ("stack", lambda: torch.stack([t(2, 4), t(2, 5)])),
    ("permute_rank", lambda: t(2, 5, 8).permute(0, 2, 1, 3)),
    ("batch_rank", lambda: torch.bmm(t(3, 2, 5, 4), t(3, 2, 4, 6))),
    ("token_type", lambda: nn.Embedding(10, 8)(t(2, 3))),
]


def unpack_three(x):
    batch, length, width = x.shape
    return batch, length, width


def load(module, other):
    module.load_state_dict(other.state_dict())


def load_names():
    mha().load_state_dict({"W_q.weight": t(8, 8)})


def main():
    lines = []
    for rule, run in CASES:
        try:
            run()
        except Exception as error:  # noqa: BLE001  whatever is thrown is the record
            said = f"{type(error).__name__}: {error}".split("\n")
            # A state_dict error says what is wrong on its second line.
            line = said[1].strip() if len(said) > 1 and "state_dict" in said[0] else said[0]
            lines.append(f"{rule}\ttorch {torch.__version__}, numpy {np.__version__}\t{line}\n")
        else:
            raise SystemExit(f"{rule}: nothing was thrown")
    folder = pathlib.Path(__file__).parent / "errors"
    folder.mkdir(exist_ok=True)
    (folder / "pytorch.tsv").write_text("".join(lines))
    print(len(lines), "error lines")


if __name__ == "__main__":
    main()
