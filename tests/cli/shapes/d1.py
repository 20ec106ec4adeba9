# The example of the second document, in our words: an inconsistent use of nn.MultiheadAttention.
n_head, d_k, d_v = 4, 2, 8
mha = nn.MultiheadAttention(d_model=10, nhead=n_head, dropout=0.1)
x = torch.randn(5, 3)
x = x.transpose(0, 1)
y, _ = mha(x, x, x)
y = y.transpose(0, 1)
print(y.shape)  # torch.Size([5, 3, 8])
