"""Draws random numbers and fresh module parameters with PyTorch and writes random.txt and
initialisation.txt beside this script, for the unit tests to compare with.

Needs torch built without MKL (Debian's python3-torch: with MKL, bernoulli draws another stream) on a CPU
with AVX2.
Run: /usr/bin/python3 make_random.py

One draw or tensor a line. Values are float32 bit patterns, eight hexadecimal digits each.
"""
import pathlib
import re

import numpy
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
SEEDS = [0, 1, 42, 2**32 + 5]
SIZES = [1, 5, 15, 16, 17, 31, 32, 33, 100]


def bits(tensor):
    values = numpy.ascontiguousarray(tensor.detach().numpy().astype(numpy.float32)).ravel()
    return " ".join(f"{value:08x}" for value in values.view(numpy.uint32))


def capability():
    """The vector instructions torch uses; its random numbers are rounded differently without AVX2."""
    return re.search(r"CPU capability usage: (\S+)", torch.__config__.show()).group(1)


def header():
    return (f"# torch {torch.__version__}, numpy {numpy.__version__}, {capability()}, "
            f"MKL {torch.backends.mkl.is_available()}, written by make_random.py")


def draws():
    """Consecutive draws of mixed kinds and sizes, one generator a seed."""
    for seed in SEEDS:
        torch.manual_seed(seed)
        yield f"seed {seed}"
        for n in SIZES:
            yield f"rand {n} 0 1 {bits(torch.rand(n))}"
            yield f"randn {n} 0 1 {bits(torch.randn(n))}"
        # The second of a pair of short normal draws outlives draws of other kinds between.
        yield f"randn 3 0 1 {bits(torch.randn(3))}"
        yield f"rand 2 0 1 {bits(torch.rand(2))}"
        yield f"randn 20 0 1 {bits(torch.randn(20))}"
        yield f"randn 2 0 1 {bits(torch.randn(2))}"
        for n in [5, 33]:
            yield f"uniform {n} -0.1 0.37 {bits(torch.empty(n).uniform_(-0.1, 0.37))}"
            yield f"normal {n} 0.3 1.7 {bits(torch.empty(n).normal_(0.3, 1.7))}"
            yield f"bernoulli {n} 0.7 0 {bits(torch.empty(n).bernoulli_(0.7))}"
            kept = (nn.functional.dropout(torch.ones(n), 0.3, training=True) != 0).float()
            yield f"dropout {n} 0.3 0 {bits(kept)}"
        yield f"dropout 4 0 0 {bits(nn.functional.dropout(torch.ones(4), 0.0, training=True))}"
        yield f"dropout 4 1 0 {bits(nn.functional.dropout(torch.ones(4), 1.0, training=True))}"
        yield f"rand 1 0 1 {bits(torch.rand(1))}"


class Maps(nn.Module):
    """Linear maps under given names, made in the given order: (name, inputs, outputs, bias)."""

    def __init__(self, *maps):
        super().__init__()
        for name, inputs, outputs, bias in maps:
            setattr(self, name, nn.Linear(inputs, outputs, bias=bias))


def d2l(e, h, hk, d, dv, ek, ev, bias):
    return lambda: Maps(("W_q", e, h * d, bias), ("W_k", ek, hk * d, bias), ("W_v", ev, hk * dv, bias),
                        ("W_o", h * dv, e, bias))


def linear(e, h, hk, d, dv, ek, ev, bias):
    return lambda: Maps(("Wq", e, h * d, bias), ("Wk", ek, hk * d, bias), ("Wv", ev, hk * dv, bias),
                        ("fc", h * dv, e, bias))


def shared_head(e, h):
    d = e // h
    return lambda: Maps(("values", d, d, False), ("keys", d, d, False), ("queries", d, d, False),
                        ("fc_out", e, e, True))


def single_head(e, d, dv, ek, ev, bias):
    return lambda: Maps(("W_q", e, d, bias), ("W_k", ek, d, bias), ("W_v", ev, dv, bias))


def mha(e, h, **options):
    return lambda: nn.MultiheadAttention(e, h, **options)


# layout, d_model, heads, kv_heads, head_dim, value_dim, key_width, value_width, bias, bias_kv, constructor
MODULES = [
    ("torch", 8, 2, 2, 4, 4, 8, 8, 1, 0, mha(8, 2)),
    ("torch", 6, 3, 3, 2, 2, 6, 6, 0, 0, mha(6, 3, bias=False)),
    ("torch", 8, 2, 2, 4, 4, 5, 3, 1, 0, mha(8, 2, kdim=5, vdim=3)),
    ("torch", 8, 4, 4, 2, 2, 8, 3, 0, 0, mha(8, 4, vdim=3, bias=False)),
    ("torch", 6, 2, 2, 3, 3, 6, 6, 1, 1, mha(6, 2, add_bias_kv=True)),   # short normal draws
    ("torch", 20, 5, 5, 4, 4, 7, 20, 1, 1, mha(20, 5, kdim=7, add_bias_kv=True)),  # a block and a tail
    ("d2l", 10, 5, 5, 2, 2, 10, 10, 0, 0, d2l(10, 5, 5, 2, 2, 10, 10, False)),
    ("d2l", 8, 4, 2, 2, 3, 5, 6, 1, 0, d2l(8, 4, 2, 2, 3, 5, 6, True)),
    ("linear", 8, 2, 2, 4, 4, 8, 8, 1, 0, linear(8, 2, 2, 4, 4, 8, 8, True)),
    ("linear", 8, 4, 1, 2, 2, 8, 8, 0, 0, linear(8, 4, 1, 2, 2, 8, 8, False)),
    ("shared-head", 8, 2, 2, 4, 4, 8, 8, 1, 0, shared_head(8, 2)),
    ("shared-head", 6, 6, 6, 1, 1, 6, 6, 1, 0, shared_head(6, 6)),
    ("single-head", 6, 1, 1, 6, 6, 6, 6, 0, 0, single_head(6, 6, 6, 6, 6, False)),
    ("single-head", 6, 1, 1, 4, 3, 5, 7, 1, 0, single_head(6, 4, 3, 5, 7, True)),
]


def modules():
    """Every tensor of a fresh module, then one more number to show where the generator stands."""
    for number, (*description, make) in enumerate(MODULES):
        seed = SEEDS[number % len(SEEDS)]
        torch.manual_seed(seed)
        module = make()
        yield "module " + " ".join(str(item) for item in [*description, seed])
        for name, tensor in module.state_dict().items():
            yield f"tensor {name} {'x'.join(str(size) for size in tensor.shape)} {bits(tensor)}"
        yield f"next {bits(torch.rand(1))}"
    torch.manual_seed(1)
    embedding = nn.Embedding(5, 6)
    yield f"embedding 5x6 {bits(embedding.weight)}"


if __name__ == "__main__":
    assert not torch.backends.mkl.is_available(), "this torch has MKL: bernoulli would draw another stream"
    assert capability() == "AVX2", f"torch uses {capability()}: normal draws would be rounded differently"
    (HERE / "random.txt").write_text("\n".join([header(), *draws()]) + "\n")
    (HERE / "initialisation.txt").write_text("\n".join([header(), *modules()]) + "\n")
