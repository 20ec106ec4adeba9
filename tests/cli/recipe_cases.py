"""Command lines for test_recipe.py, one a line; {dir} is the folder that make_files fills."""

COMMANDS = """
dot
dot --seed 7 --dtype float32
dot --scale auto --detail
dot --query [[1,0],[0,1]] --key [[1,2],[3,4]] --value [[10,0],[0,20]]
dot --query [[[1,0.5]]] --key [[[1,0],[0,-1]]] --scale 0.25 --softcap 2
dot --query randn:2x3x4 --key rand:2x5x6 --wq randn:4x3 --wk randn:6x3
dot --query randn:2x3x4 --key randn:2x5x4 --value randn:2x5x7 --wv randn:7x2 --causal
dot --wq randn:4x3 --query randn:3x4 --wk randn:4x3 --key randn:5x4 --wv randn:4x6
dot --key randn:2x5x4 --query randn:2x3x4 --valid-lens 5,2 --detail
sdpa
sdpa --batch 2 --heads 4 --kv-heads 2 --len 5 --head-dim 3 --value-dim 2
sdpa --query randn:2x4x8 --key randn:2x6x4 --value randn:2x6x6 --heads 2 --kv-heads 1
sdpa --query arange:2x3 --key ones:4x3 --value arange:4x2 --scale none
sdpa --query {dir}/q.npy --key {dir}/all.npz:k --value {dir}/all.npz:v --causal
sdpa --query {dir}/q.npy --key {dir}/t.safetensors:k --value {dir}/t.safetensors:v16 --dtype float32
sdpa --query {dir}/m.csv --key {dir}/header.csv --value {dir}/lists.json
sdpa --query {dir}/trace.csv:q --key {dir}/trace.csv:k --value {dir}/trace.json:v
sdpa --query {dir}/named.json:q --key {dir}/one.npz --value {dir}/without_extension
sdpa --query {dir}/fortran.npy --key {dir}/ints.npy --value {dir}/big_endian.npy
sdpa --query randn:1x2x5x4 --key randn:1x2x5x4 --value randn:1x2x5x4 --causal --causal-align bottom-right
sdpa --query randn:1x2x5x4 --key randn:1x2x3x4 --value randn:1x2x3x4 --causal --causal-align bottom-right
sdpa --batch 2 --len 5 --causal --causal-align bottom-right --valid-lens 3,5
sdpa --batch 2 --len 5 --causal --causal-align bottom-right --valid-lens 3,5 --masked-rows uniform --detail
sdpa --batch 2 --len 5 --causal --causal-align bottom-right --valid-lens 0,5 --masked-rows nan --detail
sdpa --batch 2 --len 5 --valid-lens 0,3 --mask-fill -1e6
sdpa --batch 2 --len 5 --valid-lens 0,3 --mask-fill -1e6 --masked-rows zero --detail
sdpa --batch 2 --len 5 --valid-lens 0,3 --mask-fill -1e6 --masked-rows uniform
sdpa --len 6 --window 1,0
sdpa --len 6 --window -1,1 --causal
sdpa --query-len 2 --key-len 6 --window 1,1 --causal-align bottom-right
sdpa --query-len 2 --key-len 3 --past-key randn:1x1x4x4 --past-value randn:1x1x4x4 --causal
sdpa --query-len 2 --key-len 3 --past-key randn:1x1x4x4 --past-value randn:1x1x4x4 --window 2,0 --softcap 5
sdpa --heads 4 --kv-heads 2 --query-len 2 --key-len 3 --past-key randn:1x2x4x4 --past-value randn:1x2x4x4
sdpa --len 3 --mask [[true,false,true],[true,true,true],[false,false,false]]
sdpa --len 3 --mask [[1,0,1],[1,1,1],[0,0,0]] --mask-means drop
sdpa --len 3 --mask [[1,0,1],[1,1,1],[0,0,0]] --mask-means keep --masked-rows uniform
sdpa --len 3 --mask randn:3x3 --detail
sdpa --len 3 --mask [[0,-1,"-Infinity"]]
sdpa --len 5 --mask [true,true,false] --mask-short drop
sdpa --len 5 --mask [[0.5,1.5,-2]] --mask-short drop
sdpa --len 5 --mask [0,0,1] --mask-means drop --mask-short drop
sdpa --batch 2 --heads 2 --len 4 --mask {dir}/mask.npy --mask-means keep --causal
sdpa --batch 2 --heads 2 --len 4 --dropout 0.4 --seed 3
sdpa --batch 2 --heads 2 --len 4 --dropout 1 --dtype float32
self --len 4 --d-model 8 --head-dim 4
self --len 4 --d-model 8 --bias --value-dim 3 --causal
self --input [[1,0],[0,1],[1,1]] --wq [[1,0],[0,1]] --wk [[0,1],[1,0]] --wv [[2,0],[0,2]]
self --input randn:2x3x6 --dtype float32 --seed 42 --dropout 0.2
self --weights {dir}/single.json --input randn:2x3x6 --valid-lens 3,2
self --len 4 --d-model 8 --scale 0.3 --mask-fill -50 --causal
cross --query-len 3 --key-len 5 --d-model 8
cross --input randn:2x3x6 --memory randn:2x5x4 --valid-lens 4,2 --head-dim 3 --bias
cross --memory randn:2x5x4 --input randn:2x3x6 --seed 4294967301 --detail
mha
mha --d-model 8 --heads 2 --len 4 --causal
mha --d-model 8 --heads 2 --len 4 --no-bias --dtype float32 --average-weights
mha --d-model 8 --heads 4 --query-len 3 --key-len 5 --valid-lens 5,2
mha --d-model 8 --heads 2 --len 4 --valid-lens 0,4
mha --d-model 8 --heads 2 --input randn:2x3x8 --key randn:2x5x6 --value randn:2x5x4 --dropout 0.3
mha --d-model 8 --heads 2 --len 4 --bias-kv --add-zero-attn --causal --valid-lens 2,4
mha --d-model 8 --heads 2 --len 4 --add-zero-attn --mask randn:4x4 --average-weights --dropout 0.5
mha --d-model 8 --heads 2 --input randn:4x8
mha --d-model 8 --heads 2 --len 4 --mask-fill -1e9 --causal
mha --d-model 8 --heads 2 --len 2 --past-key randn:2x2x3x4 --past-value randn:2x2x3x4 --causal
mha --weights {dir}/torch.npz --heads 2 --input {dir}/x.npy --causal
mha --weights {dir}/torch.safetensors:layer.attention --heads 2 --input {dir}/x.npy --add-zero-attn
mha --weights {dir}/torch.npz --heads 2 --input {dir}/x.npy --dtype float32 --dropout 0.25
mha --layout d2l --d-model 100 --heads 5 --input ones:2x4x100 --valid-lens 3,2
mha --layout d2l --d-model 8 --heads 4 --kv-heads 2 --head-dim 3 --value-dim 2 --bias --causal --mask-fill -1e6
mha --layout d2l --d-model 8 --heads 2 --memory randn:2x5x6 --valid-lens 0,2 --dropout 0.3
mha --layout d2l --weights {dir}/d2l.npz --heads 2 --input randn:2x3x8
mha --layout linear --d-model 8 --heads 4 --kv-heads 1 --softcap 3 --window 2,0
mha --layout linear --d-model 8 --heads 2 --mask randn:4x4 --add-zero-attn
mha --layout shared-head --d-model 8 --heads 2 --causal
mha --layout shared-head --d-model 8 --heads 4 --scale none --dtype float32
layer
layer --len 5 --causal --valid-lens 4,2 --norm pre --activation gelu --seed 5
layer --kind decoder --causal --memory-valid-lens 5,3 --ffn-size 12
layer --kind decoder --norm pre --activation gelu-tanh --query-len 3 --key-len 4 --dtype float32
layer --kind decoder --memory-mask [[1,0,1,1,1]] --mask-means keep --scale 0.3 --softcap 2
layer --norm-type rms --activation swiglu --norm pre --rope half --causal --eps 1e-6
layer --rope interleaved --past-key randn:2x2x3x4 --past-value randn:2x2x3x4 --causal
layer --unbiased --activation silu --output-width 6 --residual-proj --no-bias
layer --input randn:3x8 --heads 4 --eps 0.01 --detail
layer --kind decoder --query-len 4 --key-len 5 --memory-valid-lens 0,5 --masked-rows uniform --detail
layer --len 4 --valid-lens 0,3 --masked-rows nan --detail
layer --len 4 --valid-lens 0,3 --detail
layer --mask [[1,0],[1,1],[0,1],[1,1]] --mask-means keep --mask-short drop
layer --mask [[1,0,1,1],[1,1,0,0],[0,0,0,0],[1,1,1,1]] --mask-means keep
"""


def commands():
    return [line.split() for line in COMMANDS.strip().splitlines()]


def make_files(folder):
    """The files that the commands read; needs NumPy."""
    import json
    import struct

    import numpy as np

    random = np.random.default_rng(0)

    def normal(*shape):
        return random.standard_normal(shape)

    np.save(folder / "q.npy", normal(2, 3, 4).astype("f4"))
    np.savez(folder / "all.npz", k=normal(2, 5, 4), v=normal(2, 5, 6))
    np.savez(folder / "one.npz", only=normal(5, 3))
    matrix = normal(4, 3)
    np.savetxt(folder / "m.csv", matrix, delimiter=",")
    np.savetxt(folder / "header.csv", normal(5, 3), delimiter=",", header="k1,k2,k3", comments="")
    (folder / "lists.json").write_text(json.dumps(normal(5, 2).tolist()))
    (folder / "named.json").write_text(json.dumps({"q": normal(4, 3).tolist(), "other": [1, 2]}))
    with open(folder / "without_extension", "wb") as file:
        np.save(file, normal(5, 2))
    np.save(folder / "fortran.npy", np.asfortranarray(normal(4, 3)))
    np.save(folder / "ints.npy", random.integers(-3, 4, (5, 3)))
    np.save(folder / "big_endian.npy", normal(5, 2).astype(">f8"))
    np.save(folder / "mask.npy", random.random((2, 1, 4, 4)) < 0.6)
    np.save(folder / "x.npy", normal(2, 4, 8).astype("f4"))
    rows = ["step,batch,head,row,col,value"]
    for name, length in [("q", 3), ("k", 5)]:
        rows += [f"{name},,,{i},{j},{float(normal())!r}" for i in range(length) for j in range(2)]
    (folder / "trace.csv").write_text("\n".join(rows) + "\n")
    values = normal(5, 2).tolist()
    (folder / "trace.json").write_text(json.dumps({"steps": [{"step": "v", "shape": [5, 2], "values": values}]}))

    def save_safetensors(path, tensors):
        header, data = {"__metadata__": {"format": "pt"}}, b""
        for name, (kind, array) in tensors.items():
            header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
            data += array.tobytes()
        text = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)

    upper_half = (normal(2, 5, 6).astype("<f4").view("<u4") >> 16).astype("<u2")
    save_safetensors(folder / "t.safetensors", {"k": ("F16", normal(2, 5, 4).astype("<f2")), "v16": ("BF16", upper_half)})
    module = {"in_proj_weight": normal(24, 8), "in_proj_bias": normal(24), "out_proj.weight": normal(8, 8), "out_proj.bias": normal(8)}
    module = {name: array.astype("<f4") for name, array in module.items()}
    np.savez(folder / "torch.npz", **module)
    save_safetensors(folder / "torch.safetensors", {"layer.attention." + name: ("F32", array) for name, array in module.items()})
    np.savez(folder / "d2l.npz", **{f"W_{letter}.weight": normal(8, 8).astype("f4") for letter in "qkvo"})
    single = {f"W_{letter}.weight": normal(4, 6).tolist() for letter in "qkv"}
    (folder / "single.json").write_text(json.dumps(single))
