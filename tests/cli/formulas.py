"""Attention written down once more, in NumPy: where expected values come from."""
import numpy as np


def softmax(scores):
    """Over the last axis; a row of −inf throughout gives zeros."""
    with np.errstate(invalid="ignore"):
        exponentials = np.exp(scores - scores.max(-1, keepdims=True))
        weights = exponentials / exponentials.sum(-1, keepdims=True)
    nothing_visible = np.isneginf(scores).all(-1, keepdims=True)
    return np.where(nothing_visible, 0.0, weights)


def attention(q, k, v, scale=None, mask=0.0, softcap=None):
    """(output, weights) of q [..., Lq, D], k [..., Lk, D], v [..., Lk, Dv] and an additive mask."""
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if softcap is not None:
        scores = softcap * np.tanh(scores / softcap)
    weights = softmax(scores + mask)
    return weights @ v, weights


def split_heads(x, heads):
    """[B, L, H·D] as [B, H, L, D]."""
    batch, length, width = x.shape
    return x.reshape(batch, length, heads, width // heads).transpose(0, 2, 1, 3)


def merge_heads(z):
    """[B, H, L, D] as [B, L, H·D]."""
    batch, heads, length, width = z.shape
    return z.transpose(0, 2, 1, 3).reshape(batch, length, heads * width)


def additive(visible):
    """0 where a boolean array is true, −inf where it is not."""
    return np.where(visible, 0.0, -np.inf)


def causal(query_len, key_len, offset=0):
    """Query i sees key j exactly when j ≤ i + offset: booleans [Lq, Lk]."""
    return np.arange(key_len) <= np.arange(query_len)[:, None] + offset
