"""How other people name and arrange the tensors they hand over: the same run in other clothes."""


def by_position(tensor):
    """[B, H, L, D] to [B, L, H, D]."""
    return tensor.transpose(0, 2, 1, 3)


def folded(tensor):
    """[B, H, L, D] to [B·H, L, D]."""
    return tensor.reshape(-1, *tensor.shape[2:])


PER_HEAD = ("q", "k", "v", "heads")
HOOKS = {"q": "hook_q", "k": "hook_k", "v": "hook_v", "scores_masked": "hook_attn_scores", "weights": "hook_pattern",
         "heads": "hook_z", "output": "hook_attn_out"}


def canonical(steps):
    return dict(steps), []


def transformer_lens(steps, prefix=""):
    return {prefix + HOOKS[name]: by_position(tensor) if name in PER_HEAD else tensor
            for name, tensor in steps.items() if name in HOOKS}, []


def transformer_lens_cache(steps):
    return transformer_lens(steps, "blocks.0.attn.")


def positions_first(steps):
    return {name: by_position(tensor) if name in PER_HEAD else tensor for name, tensor in steps.items()}, []


def d2l(steps):
    """Heads folded into the batch, and that book's two names that mean one thing only."""
    names = {"weights": "attention_weights", "merged": "output_concat"}
    return {names.get(name, name): folded(tensor) if name in PER_HEAD + ("weights",) else tensor
            for name, tensor in steps.items()}, []


def pytorch(steps):
    names = {"weights": "attn_output_weights"}
    return {names.get(name, name): tensor for name, tensor in steps.items()}, []


def mapped(steps):
    """Names nobody knows, with --map."""
    theirs = {f"t{index}": tensor for index, tensor in enumerate(steps.values())}
    return theirs, ["--map", ",".join(f"{theirs_name}={name}" for theirs_name, name in zip(theirs, steps))]


FORMS = {form.__name__: form for form in (canonical, transformer_lens, transformer_lens_cache, positions_first, d2l,
                                          pytorch, mapped)}
# Forms that keep the names of fewer steps than they are given, and what those are.
KEPT = {"transformer_lens": set(HOOKS), "transformer_lens_cache": set(HOOKS)}
# Which forms make sense for what is handed over. Rank-4 output is arranged like the heads, so it is left alone.
FORMS_OF_LEVEL = {"all": list(FORMS), "weights": ["canonical", "pytorch", "mapped"],
                  "output": ["canonical", "mapped"]}
