"""The problems that mistakes are planted in: sizes, tensors, and how attn-compute is called on them.

No two sizes of a problem are equal without a reason, because a mistake hides behind equal sizes. All
numbers are float32 values, so that a float32 and a float64 run start from the same input.
"""
import dataclasses
import json

import numpy as np


@dataclasses.dataclass
class Problem:
    name: str
    kind: str                    # "module": linear maps and sources; "given": queries, keys and values
    argv: list                   # with {dir} for the folder of the case
    batch: int
    heads: int
    kv_heads: int
    queries: int
    keys: int                    # of the cache and new together
    head_dim: int
    value_dim: int
    d_model: int
    past: int = 0
    rank: int = 4                # of given queries
    weights: dict = dataclasses.field(default_factory=dict)
    x: np.ndarray = None
    memory: np.ndarray = None
    memory_value: np.ndarray = None   # None: memory
    extra_keys: list = dataclasses.field(default_factory=list)   # (key, value) rows that the module appends
    averages: bool = False       # also hands over the mean of the weights over heads
    q: np.ndarray = None
    k: np.ndarray = None
    v: np.ndarray = None
    past_key: np.ndarray = None
    past_value: np.ndarray = None
    mask: np.ndarray = None
    scale: float = None          # None: 1/sqrt(D)
    softcap: float = None
    causal: bool = False
    align: str = "top-left"
    valid_lens: list = None
    window: tuple = None
    fill: float = -np.inf
    layout: str = ""
    files: dict = dataclasses.field(default_factory=dict)

    @property
    def is_self(self):
        return self.kind == "module" and self.memory is None


def draw(rng, *shape, size=1.0):
    return (size * rng.standard_normal(shape)).astype(np.float32)


def linear_maps(rng, p, bias, output_map, size, widths=None):
    """Canonical names; [out, in]."""
    width = p.d_model
    key_width, value_width = widths or (width, width)
    shapes = {"q": (p.heads * p.head_dim, width), "k": (p.kv_heads * p.head_dim, key_width),
              "v": (p.kv_heads * p.value_dim, value_width)}
    if output_map:
        shapes["o"] = (width, p.heads * p.value_dim)
    weights = {}
    for which, shape in shapes.items():
        weights["w_" + which] = draw(rng, *shape, size=size / np.sqrt(shape[1]))
        if bias:
            weights["b_" + which] = draw(rng, shape[0], size=0.5)
    return weights


def foreign_weights(layout, weights):
    """Under the names of the layout, as its own module would save them."""
    if layout == "torch":
        named = {"out_proj.weight": weights["w_o"]}
        if len({weights["w_" + w].shape for w in "qkv"}) > 1:
            named.update({f"{w}_proj_weight": weights["w_" + w] for w in "qkv"})
        else:
            named["in_proj_weight"] = np.concatenate([weights["w_" + w] for w in "qkv"])
        if "b_q" in weights:
            named["in_proj_bias"] = np.concatenate([weights["b_" + w] for w in "qkv"])
            named["out_proj.bias"] = weights["b_o"]
        return named
    prefixes = {"d2l": {w: "W_" + w for w in "qkvo"}, "single": {w: "W_" + w for w in "qkv"},
                "linear": {"q": "Wq", "k": "Wk", "v": "Wv", "o": "fc"}}[layout]
    parts = {"w": "weight", "b": "bias"}
    return {f"{prefixes[name[2]]}.{parts[name[0]]}": array for name, array in weights.items()}


def add_score_options(p, options):
    """Turns the options of a problem into fields and into words of the command line."""
    for name, value in options.items():
        setattr(p, name, value)
    words = {"causal": ["--causal"], "align": ["--causal-align", p.align],
             "valid_lens": ["--valid-lens", ",".join(map(str, p.valid_lens or []))],
             "window": ["--window", ",".join(map(str, p.window or []))],
             "scale": ["--scale", repr(p.scale)], "softcap": ["--softcap", repr(p.softcap)],
             "fill": ["--mask-fill", repr(p.fill)], "mask": ["--mask", "{dir}/mask.npy"]}
    for name in options:
        p.argv += words[name]
    if p.mask is not None:
        p.files["mask.npy"] = p.mask


def module(rng, name, layout, sizes, cross=False, bias=True, size=1.3, input_size=1.0, **options):
    """sizes: B, H, Hk, Lq, Lk, D, Dv, E."""
    b, h, hk, lq, lk, d, dv, e = sizes
    p = Problem(name, "module", [], b, h, hk, lq, lk, d, dv, e, rank=3, layout=layout)
    p.weights = linear_maps(rng, p, bias, layout != "single", size)
    p.x = draw(rng, b, lq, e, size=input_size)
    p.files = {"weights.npz": foreign_weights(layout, p.weights), "x.npy": p.x}
    command = ["mha", "--layout", layout, "--heads", str(h)]
    if layout == "single":
        command = ["cross" if cross else "self"]
    p.argv = [*command, "--weights", "{dir}/weights.npz", "--input", "{dir}/x.npy"]
    if cross:
        p.memory = p.files["memory.npy"] = draw(rng, b, lk, e, size=input_size)
        p.argv += ["--memory", "{dir}/memory.npy"]
    add_score_options(p, options)
    return p


def with_key_and_value(rng, name, sizes, key_width, value_width, **options):
    """PyTorch's module with kdim and vdim: keys and values from two sources of other widths."""
    b, h, hk, lq, lk, d, dv, e = sizes
    p = Problem(name, "module", [], b, h, hk, lq, lk, d, dv, e, rank=3, layout="torch")
    p.weights = linear_maps(rng, p, True, True, 1.3, (key_width, value_width))
    p.x, p.memory, p.memory_value = draw(rng, b, lq, e), draw(rng, b, lk, key_width), draw(rng, b, lk, value_width)
    p.files = {"weights.npz": foreign_weights("torch", p.weights), "x.npy": p.x, "key.npy": p.memory,
               "value.npy": p.memory_value}
    p.argv = ["mha", "--heads", str(h), "--weights", "{dir}/weights.npz", "--input", "{dir}/x.npy",
              "--key", "{dir}/key.npy", "--value", "{dir}/value.npy"]
    add_score_options(p, options)
    return p


def with_extra_keys(rng, name, sizes, bias_kv, zero, **options):
    """PyTorch's add_bias_kv and add_zero_attn: keys that the module itself appends, and that no rule hides."""
    p = module(rng, name, "torch", sizes, **options)
    width = (1, 1, p.heads * p.head_dim)
    if bias_kv:
        p.extra_keys.append((draw(rng, *width), draw(rng, *width)))
        p.files["weights.npz"].update(bias_k=p.extra_keys[0][0], bias_v=p.extra_keys[0][1])
    if zero:
        p.extra_keys.append((np.zeros(width, np.float32),) * 2)
        p.argv.append("--add-zero-attn")
    p.keys += len(p.extra_keys)
    return p


def averaging(problem):
    """The same, with the mean over heads among the steps."""
    problem.averages = True
    problem.argv.append("--average-weights")
    return problem


def given(rng, name, sizes, rank=4, past=0, command="sdpa", size=1.2, **options):
    """sizes: B, H, Hk, Lq, Ln, D, Dv; Ln are the new keys."""
    b, h, hk, lq, ln, d, dv = sizes
    p = Problem(name, "given", [], b, h, hk, lq, past + ln, d, dv, h * dv, past=past, rank=rank)
    shapes = {"q": (b, h, lq, d), "k": (b, hk, ln, d), "v": (b, hk, ln, dv)}
    for which, shape in shapes.items():
        if rank < 4:
            shape = (shape[0], shape[2], shape[1] * shape[3])[3 - rank:]
        setattr(p, which, draw(rng, *shape, size=size))
    p.files = {"q.npy": p.q, "k.npy": p.k, "v.npy": p.v}
    p.argv = [command, "--query", "{dir}/q.npy", "--key", "{dir}/k.npy", "--value", "{dir}/v.npy"]
    if rank == 3 and command == "sdpa":
        p.argv += ["--heads", str(h), "--kv-heads", str(hk)]
    if past:
        p.past_key, p.past_value = draw(rng, b, hk, past, d), draw(rng, b, hk, past, dv)
        p.files.update({"past_key.npy": p.past_key, "past_value.npy": p.past_value})
        p.argv += ["--past-key", "{dir}/past_key.npy", "--past-value", "{dir}/past_value.npy"]
    if command == "dot":
        p.scale = 1.0
    add_score_options(p, options)
    return p


def some_keys(rng, *shape):
    """A boolean mask that leaves every row at least one key."""
    mask = rng.random(shape) < 0.6
    mask[..., 0] |= ~mask.any(axis=-1)
    return mask


def all_problems(seed):
    rng = np.random.default_rng(seed)
    float_mask = draw(rng, 5, 5)
    float_mask[np.triu_indices(5, 2)] = -np.inf
    square, crossed = (2, 3, 3, 5, 5, 4, 4, 12), (2, 3, 3, 4, 6, 4, 4, 12)
    return [
        module(rng, "torch-self", "torch", square),
        module(rng, "torch-self-even", "torch", (4, 2, 2, 4, 4, 5, 5, 10)),
        module(rng, "torch-cross", "torch", crossed, cross=True),
        module(rng, "torch-causal", "torch", square, causal=True),
        module(rng, "torch-padding", "torch", (3, 2, 2, 5, 5, 6, 6, 12), valid_lens=[5, 3, 2]),
        module(rng, "torch-padding-causal", "torch", square, valid_lens=[3, 5], causal=True),
        module(rng, "torch-bool-mask", "torch", crossed, cross=True, mask=some_keys(rng, 2, 1, 4, 6)),
        module(rng, "torch-float-mask", "torch", square, mask=float_mask),
        module(rng, "torch-large-scores", "torch", square, input_size=12.0),
        module(rng, "d2l-grouped", "d2l", (2, 6, 2, 4, 7, 3, 5, 10), cross=True),
        module(rng, "d2l-no-bias", "d2l", (3, 2, 2, 4, 5, 3, 3, 6), cross=True, bias=False, valid_lens=[4, 2, 5]),
        module(rng, "d2l-fill", "d2l", (2, 3, 3, 4, 6, 2, 2, 6), cross=True, valid_lens=[4, 2], fill=-1e6),
        module(rng, "d2l-one-kv-head", "d2l", (2, 4, 1, 3, 5, 3, 3, 12), cross=True),
        module(rng, "linear-causal", "linear", (3, 2, 2, 5, 5, 4, 4, 8), causal=True),
        module(rng, "single-self", "single", (2, 1, 1, 4, 4, 6, 6, 6)),
        module(rng, "single-cross", "single", (3, 1, 1, 4, 5, 6, 6, 6), cross=True, valid_lens=[5, 3, 4]),
        given(rng, "sdpa-grouped", (2, 6, 3, 4, 7, 5, 4)),
        given(rng, "sdpa-rank-3", (2, 4, 2, 3, 5, 3, 2), rank=3),
        given(rng, "sdpa-rank-3-causal", (2, 3, 3, 4, 6, 5, 2), rank=3, causal=True),
        given(rng, "sdpa-cache", (2, 4, 2, 3, 3, 5, 3), past=4, causal=True),
        given(rng, "sdpa-bottom-right", (2, 3, 3, 4, 7, 5, 2), causal=True, align="bottom-right"),
        given(rng, "sdpa-window-causal", (2, 2, 2, 8, 8, 3, 5), window=(2, 0), causal=True),
        given(rng, "sdpa-window", (1, 3, 3, 7, 7, 4, 2), window=(1, 2)),
        given(rng, "sdpa-softcap", (2, 3, 3, 5, 5, 4, 2), softcap=2.0, causal=True, size=1.6),
        given(rng, "sdpa-softcap-grouped", (2, 4, 2, 3, 6, 5, 3), softcap=1.5, valid_lens=[6, 4], size=1.6),
        given(rng, "sdpa-scale", (2, 3, 3, 4, 6, 5, 2), scale=0.3),
        given(rng, "sdpa-empty-rows", (3, 2, 2, 4, 5, 3, 4), valid_lens=[0, 3, 5]),
        given(rng, "dot", (2, 1, 1, 3, 5, 4, 6), rank=3, command="dot"),
        given(rng, "sdpa-rank-2", (1, 1, 1, 4, 6, 5, 3), rank=2, causal=True),
        given(rng, "dot-rank-2", (1, 1, 1, 4, 4, 7, 5), rank=2, command="dot", causal=True),
        given(rng, "sdpa-causal-grouped", (2, 6, 2, 6, 6, 4, 3), causal=True),
        given(rng, "sdpa-cache-bottom-right", (2, 4, 2, 3, 2, 5, 3), past=4, causal=True, align="bottom-right"),
        given(rng, "sdpa-cache-plain", (3, 4, 2, 2, 3, 5, 4), past=3),
        given(rng, "sdpa-cache-padding", (3, 2, 2, 2, 4, 5, 3), past=3, valid_lens=[7, 4, 6]),
        given(rng, "sdpa-cache-window", (2, 3, 3, 4, 4, 5, 2), past=3, window=(2, 0), causal=True),
        given(rng, "sdpa-cache-softcap", (2, 4, 2, 3, 3, 5, 3), past=2, causal=True, softcap=1.5, size=1.6),
        given(rng, "sdpa-bottom-right-padding", (3, 2, 2, 3, 6, 4, 5), causal=True, align="bottom-right", valid_lens=[6, 4, 5]),
        given(rng, "sdpa-bottom-right-window", (2, 2, 2, 4, 7, 5, 3), causal=True, align="bottom-right", window=(2, 1)),
        given(rng, "sdpa-head-mask", (2, 4, 2, 4, 6, 5, 3), mask=some_keys(rng, 2, 4, 4, 6)),
        given(rng, "sdpa-one-sample", (1, 3, 3, 5, 5, 4, 2), causal=True),
        module(rng, "torch-no-bias", "torch", square, bias=False),
        module(rng, "torch-no-bias-causal", "torch", (3, 4, 4, 6, 6, 3, 3, 12), bias=False, causal=True),
        module(rng, "torch-window", "torch", (2, 3, 3, 7, 7, 4, 4, 12), window=(2, 1)),
        module(rng, "d2l-padding", "d2l", (3, 5, 5, 4, 6, 4, 4, 20), cross=True, bias=False, valid_lens=[3, 2, 6], fill=-1e6),
        module(rng, "linear-self", "linear", (2, 2, 2, 6, 6, 5, 5, 10)),
        averaging(module(rng, "torch-averaged", "torch", square, causal=True)),
        averaging(module(rng, "torch-averaged-cross", "torch", crossed, cross=True)),
        with_key_and_value(rng, "torch-kdim-vdim", (2, 3, 3, 4, 6, 4, 4, 12), 7, 5),
        with_key_and_value(rng, "torch-kdim-vdim-padding", (3, 2, 2, 3, 5, 4, 4, 8), 6, 9, valid_lens=[5, 3, 4]),
        with_extra_keys(rng, "torch-bias-kv", square, True, False),
        with_extra_keys(rng, "torch-zero-attn", crossed, False, True, cross=True),
        with_extra_keys(rng, "torch-both-extra", square, True, True),
    ]


def write(p, folder):
    """Saves the tensors the command line names."""
    for name, content in p.files.items():
        if name.endswith(".npz"):
            np.savez(folder / name, **content)
        else:
            np.save(folder / name, content)
    (folder / "sizes.json").write_text(json.dumps({"B": p.batch, "H": p.heads, "Hk": p.kv_heads, "Lq": p.queries,
                                                   "Lk": p.keys, "D": p.head_dim, "Dv": p.value_dim, "E": p.d_model}))
