"""Writes sampling.txt: the tokens that PyTorch draws from a row of logits, as minGPT's generate does.

Lines: temperature, top_k (0: all), seed, token. Run: /usr/bin/python3 make_sampling.py > sampling.txt
"""
import torch

LOGITS = [0.5, -1.0, 2.0, 1.75, 0.0, -3.0, 1.5]


def draw(temperature, top_k, seed):
    torch.manual_seed(seed)
    logits = torch.tensor(LOGITS, dtype=torch.float64) / temperature
    if top_k:
        smallest = torch.topk(logits, top_k).values[-1]
        logits[logits < smallest] = -float("inf")
    return torch.multinomial(torch.softmax(logits, -1), num_samples=1).item()


print(f"# torch {torch.__version__}, torch.multinomial of softmax(logits / temperature), logits {LOGITS}")
for temperature, top_k in ((1.0, 0), (0.5, 0), (3.0, 0), (1.0, 3), (2.0, 1)):
    for seed in range(12):
        print(temperature, top_k, seed, draw(temperature, top_k, seed))
