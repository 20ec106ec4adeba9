"""The attention modules of the course documents, written anew for the reference scripts, with the
documents' parameter names, constructor order and masking constants, and with the shapes kept general.

Every forward(query, key, value, keep=None) returns the output only; keep is boolean, true where a
query may attend, and broadcasts to (batch, heads, queries, keys).
"""
import math

import torch
from torch import nn


class D2l(nn.Module):
    """Dive into Deep Learning: heads folded into the batch axis, masked scores set to -1e6."""

    def __init__(self, e, heads, kv_heads=None, bias=False):
        super().__init__()
        self.heads, self.kv_heads, self.d = heads, kv_heads or heads, e // heads
        self.W_q = nn.Linear(e, self.heads * self.d, bias=bias)
        self.W_k = nn.Linear(e, self.kv_heads * self.d, bias=bias)
        self.W_v = nn.Linear(e, self.kv_heads * self.d, bias=bias)
        self.W_o = nn.Linear(self.heads * self.d, e, bias=bias)

    def fold(self, rows, heads):
        batch, length, _ = rows.shape
        rows = rows.reshape(batch, length, heads, self.d).permute(0, 2, 1, 3)
        rows = torch.repeat_interleave(rows, self.heads // heads, dim=1)
        return rows.reshape(batch * self.heads, length, self.d)

    def forward(self, query, key, value, keep=None):
        batch, length, _ = query.shape
        q = self.fold(self.W_q(query), self.heads)
        k = self.fold(self.W_k(key), self.kv_heads)
        v = self.fold(self.W_v(value), self.kv_heads)
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(self.d)
        if keep is not None:
            whole = keep.expand(batch, self.heads, length, key.shape[1]).reshape(scores.shape)
            scores = torch.where(whole, scores, torch.full_like(scores, -1e6))
        mixed = torch.bmm(torch.softmax(scores, dim=-1), v)
        mixed = mixed.reshape(batch, self.heads, length, self.d).permute(0, 2, 1, 3)
        return self.W_o(mixed.reshape(batch, length, -1))


class Linear(nn.Module):
    """Wq, Wk, Wv, fc with bias; masked scores set to -1e9; fewer key/value heads are repeated."""

    def __init__(self, e, heads, kv_heads=None):
        super().__init__()
        self.heads, self.kv_heads, self.d = heads, kv_heads or heads, e // heads
        self.Wq = nn.Linear(e, heads * self.d)
        self.Wk = nn.Linear(e, self.kv_heads * self.d)
        self.Wv = nn.Linear(e, self.kv_heads * self.d)
        self.fc = nn.Linear(heads * self.d, e)

    def forward(self, query, key, value, keep=None):
        batch, length, _ = query.shape
        group = self.heads // self.kv_heads
        q = self.Wq(query).view(batch, -1, self.heads, self.d).transpose(1, 2)
        k = self.Wk(key).view(batch, -1, self.kv_heads, self.d).transpose(1, 2).repeat_interleave(group, 1)
        v = self.Wv(value).view(batch, -1, self.kv_heads, self.d).transpose(1, 2).repeat_interleave(group, 1)
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.d)
        if keep is not None:
            scores = scores.masked_fill(keep == 0, -1e9)
        context = torch.matmul(torch.softmax(scores, -1), v)
        return self.fc(context.transpose(1, 2).reshape(batch, length, -1))


class SharedHead(nn.Module):
    """The input is split into heads, which share three (D, D) maps; scores are divided by sqrt(E)."""

    def __init__(self, e, heads):
        super().__init__()
        self.heads, self.d, self.e = heads, e // heads, e
        self.values = nn.Linear(self.d, self.d, bias=False)
        self.keys = nn.Linear(self.d, self.d, bias=False)
        self.queries = nn.Linear(self.d, self.d, bias=False)
        self.fc_out = nn.Linear(e, e)

    def forward(self, query, key, value, keep=None):
        def split(rows):
            return rows.reshape(rows.shape[0], rows.shape[1], self.heads, self.d)

        energy = torch.einsum("nqhd,nkhd->nhqk", self.queries(split(query)), self.keys(split(key)))
        if keep is not None:
            energy = energy.masked_fill(keep == 0, -1e20)
        weights = torch.softmax(energy / math.sqrt(self.e), dim=3)
        out = torch.einsum("nhqk,nkhd->nqhd", weights, self.values(split(value)))
        return self.fc_out(out.reshape(query.shape[0], query.shape[1], self.e))


class SingleHead(nn.Module):
    """Three maps and no output map."""

    def __init__(self, e, d, source_width=None, bias=False):
        super().__init__()
        self.W_q = nn.Linear(e, d, bias=bias)
        self.W_k = nn.Linear(source_width or e, d, bias=bias)
        self.W_v = nn.Linear(source_width or e, d, bias=bias)

    def forward(self, query, key, value, keep=None):
        k = self.W_k(key)
        scores = self.W_q(query) @ k.transpose(-2, -1) / math.sqrt(k.shape[-1])
        if keep is not None:
            scores = scores.masked_fill(~keep.squeeze(1), -math.inf)
        return scores.softmax(-1) @ self.W_v(value)
