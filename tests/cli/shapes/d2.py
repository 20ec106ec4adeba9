# The Transformer of the third document, in our words: what its blocks do with PyTorch's attention.
class Block(nn.Module):
    def __init__(self, width, n_heads):
        self.attention = nn.MultiheadAttention(embed_dim=width, num_heads=n_heads)

    def forward(self, value, key, query, mask):
        mixed, _ = self.attention(query, key, value, attn_mask=mask)
        return self.norm(mixed + query)


class DecoderBlock(nn.Module):
    def __init__(self, width, n_heads):
        self.attention = nn.MultiheadAttention(width, n_heads)

    def forward(self, x, value, key, mask):
        attended = self.attention(x, x, x, attn_mask=mask)
        query = self.dropout(self.norm(attended + x))
        return self.block(value, key, query)


class Encoder(nn.Module):
    def forward(self, x, mask):
        N, length = x.shape
        for layer in self.layers:
            x = layer(x, x, x, mask)
        return x
