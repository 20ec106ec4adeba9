"""The encoder-decoder of the course, written with PyTorch's own layers.

Embedding plus learned positions, post-norm blocks with ReLU, no norm after the last block, and a linear
layer onto the target vocabulary. Tensors are [batch, length, width]; token 0 is padding on both sides.
"""
import torch
from torch import nn

WIDTH, HEADS, FEED_FORWARD, LAYERS, MAX_LENGTH, DROPOUT = 64, 4, 128, 2, 16, 0.1
PAD, BOS, EOS = 0, 1, 2


class Translator(nn.Module):
    def __init__(self, source_tokens, target_tokens, dropout=DROPOUT):
        super().__init__()
        sizes = dict(d_model=WIDTH, nhead=HEADS, dim_feedforward=FEED_FORWARD, dropout=dropout, batch_first=True)
        self.source_embedding = nn.Embedding(source_tokens, WIDTH)
        self.source_positions = nn.Embedding(MAX_LENGTH, WIDTH)
        self.target_embedding = nn.Embedding(target_tokens, WIDTH)
        self.target_positions = nn.Embedding(MAX_LENGTH, WIDTH)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**sizes), LAYERS, enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**sizes), LAYERS)
        self.output = nn.Linear(WIDTH, target_tokens)
        self.dropout = nn.Dropout(dropout)

    @staticmethod
    def embed(tokens, embedding, positions):
        return embedding(tokens) + positions(torch.arange(tokens.shape[1]))

    def encode(self, source):
        x = self.dropout(self.embed(source, self.source_embedding, self.source_positions))
        return self.encoder(x, src_key_padding_mask=source == PAD)

    def decode(self, target, memory, source):
        """Logits [batch, target length, target tokens]; position i sees the target up to and with i."""
        future = torch.ones(target.shape[1], target.shape[1]).triu(1).bool()
        x = self.dropout(self.embed(target, self.target_embedding, self.target_positions))
        x = self.decoder(x, memory, tgt_mask=future, memory_key_padding_mask=source == PAD)
        return self.output(x)

    def forward(self, source, target):
        return self.decode(target, self.encode(source), source)

    @torch.no_grad()
    def greedy(self, source):
        """The most probable token again and again, until every row has ended; rows are padded after <eos>."""
        memory = self.encode(source)
        target = torch.full((source.shape[0], 1), BOS)
        ended = torch.zeros(source.shape[0], dtype=torch.bool)
        while target.shape[1] < MAX_LENGTH and not ended.all():
            token = self.decode(target, memory, source)[:, -1].argmax(-1)
            token = token.masked_fill(ended, PAD)
            ended |= token == EOS
            target = torch.cat([target, token[:, None]], 1)
        return target[:, 1:]


def batch(rows):
    """Token rows of unequal length as one tensor, padded on the right."""
    length = max(map(len, rows))
    return torch.tensor([row + [PAD] * (length - len(row)) for row in rows])
