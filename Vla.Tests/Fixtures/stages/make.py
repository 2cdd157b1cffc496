"""Makes the golden files beside it: what reference implementations give for the same weights and inputs.

Run once with Debian 12's python3-torch (1.13) and python3-torchvision (0.14):  python3 make.py
The tests only read the files; they need no Python.

ResNet-18 is torchvision's own class, narrowed (`width_per_group` only acts on bottlenecks, so the stem and the layers
are made with torchvision's BasicBlock and `_make_layer`). ViT, BERT and GPT-2 are written out here as plain functions of
a dictionary of weights, after the papers and the published checkpoints' names and shapes:
  ViT    arXiv:2010.11929, names as in timm's vit_* checkpoints
  BERT   arXiv:1810.04805, names as in Hugging Face's bert-* checkpoints
  GPT-2  Radford et al. 2019, names as in Hugging Face's gpt2 checkpoint; Conv1D weights are [in, out]
"""
import json
import math
import os
import struct

import torch
import torch.nn.functional as F
import torchvision

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)
torch.set_grad_enabled(False)


def write(name, weights, golden):
    """safetensors: length of the header, header, data. Weights below `weights.`, the rest below `golden.`."""
    tensors = {f"weights.{k}": v for k, v in weights.items()} | {f"golden.{k}": v for k, v in golden.items()}
    types = {torch.float32: "F32", torch.int64: "I64"}
    header, data = {}, b""
    for key, tensor in tensors.items():
        raw = tensor.contiguous().numpy().tobytes()
        header[key] = {"dtype": types[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(HERE, f"{name}.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def rand(*shape, std=0.2):
    return torch.randn(*shape) * std


def norm_weights(prefix, dim):
    return {f"{prefix}.weight": 1 + rand(dim), f"{prefix}.bias": rand(dim)}


def linear_weights(prefix, inputs, outputs):
    return {f"{prefix}.weight": rand(outputs, inputs), f"{prefix}.bias": rand(outputs)}


def attend(q, k, v, heads, allowed):
    """One head after the other, one query after the other: slow, and plain to read. allowed[b][i] lists key positions."""
    batch, n, dim = q.shape
    size = dim // heads
    out = torch.zeros_like(q)
    for b in range(batch):
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            for i in range(n):
                keys = allowed[b][i]
                scores = torch.stack([q[b, i, part] @ k[b, j, part] for j in keys]) / math.sqrt(size)
                out[b, i, part] = sum(p * v[b, j, part] for p, j in zip(torch.softmax(scores, 0), keys))
    return out


def resnet18(width=8):
    class Narrow(torchvision.models.ResNet):
        def __init__(self):
            super().__init__(torchvision.models.resnet.BasicBlock, [2, 2, 2, 2], num_classes=3)
            self.inplanes = width
            self.conv1 = torch.nn.Conv2d(3, width, 7, 2, 3, bias=False)
            self.bn1 = torch.nn.BatchNorm2d(width)
            block = torchvision.models.resnet.BasicBlock
            self.layer1 = self._make_layer(block, width, 2)
            self.layer2 = self._make_layer(block, width * 2, 2, stride=2)
            self.layer3 = self._make_layer(block, width * 4, 2, stride=2)
            self.layer4 = self._make_layer(block, width * 8, 2, stride=2)
            self.fc = torch.nn.Linear(width * 8, 3)

    model = Narrow()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.copy_(rand(module.num_features))
            module.running_var.copy_(0.5 + torch.rand(module.num_features))
            module.weight.copy_(1 + rand(module.num_features))
            module.bias.copy_(rand(module.num_features))
            module.num_batches_tracked.fill_(3)
    model.eval()
    image = torch.randn(2, 3, 48, 64)
    x = model.maxpool(model.relu(model.bn1(model.conv1(image))))
    features = model.layer4(model.layer3(model.layer2(model.layer1(x))))
    pooled = torch.flatten(model.avgpool(features), 1)
    assert torch.equal(model.fc(pooled), model(image))
    write("resnet18", model.state_dict(), {"image": image, "features": features, "pooled": pooled})


def vit(dim=24, depth=2, heads=3, patch=8, size=32):
    count = (size // patch) ** 2
    w = {"cls_token": rand(1, 1, dim), "pos_embed": rand(1, count + 1, dim)}
    w |= {"patch_embed.proj.weight": rand(dim, 3, patch, patch), "patch_embed.proj.bias": rand(dim)}
    for i in range(depth):
        p = f"blocks.{i}"
        w |= norm_weights(f"{p}.norm1", dim) | linear_weights(f"{p}.attn.qkv", dim, 3 * dim) | linear_weights(f"{p}.attn.proj", dim, dim)
        w |= norm_weights(f"{p}.norm2", dim) | linear_weights(f"{p}.mlp.fc1", dim, 4 * dim) | linear_weights(f"{p}.mlp.fc2", 4 * dim, dim)
    w |= norm_weights("norm", dim) | linear_weights("head", dim, 3)

    image = torch.randn(2, 3, size, size)
    # A patch is flattened channel by channel, row by row, and projected.
    patches = torch.stack([
        image[:, :, r:r + patch, c:c + patch].reshape(2, -1)
        for r in range(0, size, patch) for c in range(0, size, patch)], 1)
    x = patches @ w["patch_embed.proj.weight"].reshape(dim, -1).T + w["patch_embed.proj.bias"]
    x = torch.cat([w["cls_token"].expand(2, 1, dim), x], 1) + w["pos_embed"]
    everything = [[range(count + 1)] * (count + 1)] * 2
    for i in range(depth):
        g = lambda name: (w[f"blocks.{i}.{name}.weight"], w[f"blocks.{i}.{name}.bias"])
        y = F.layer_norm(x, (dim,), *g("norm1"), eps=1e-6)
        q, k, v = F.linear(y, *g("attn.qkv")).split(dim, -1)
        x = x + F.linear(attend(q, k, v, heads, everything), *g("attn.proj"))
        y = F.layer_norm(x, (dim,), *g("norm2"), eps=1e-6)
        x = x + F.linear(F.gelu(F.linear(y, *g("mlp.fc1"))), *g("mlp.fc2"))
    x = F.layer_norm(x, (dim,), w["norm.weight"], w["norm.bias"], eps=1e-6)
    write("vit", w, {"image": image, "tokens": x[:, 1:], "pooled": x[:, 0]})


def text():
    """Two sentences of different length, padded on the right with id 0."""
    return torch.tensor([[5, 9, 2, 17, 11, 3, 8], [4, 16, 7, 19, 0, 0, 0]]), [7, 4]


def bert(dim=24, layers=2, heads=3, ff=48, vocabulary=20, positions=12):
    w = {"embeddings.position_ids": torch.arange(positions).unsqueeze(0)}
    w |= {"embeddings.word_embeddings.weight": rand(vocabulary, dim), "embeddings.position_embeddings.weight": rand(positions, dim)}
    w |= {"embeddings.token_type_embeddings.weight": rand(2, dim)} | norm_weights("embeddings.LayerNorm", dim)
    for i in range(layers):
        p = f"encoder.layer.{i}"
        for name in ("query", "key", "value"):
            w |= linear_weights(f"{p}.attention.self.{name}", dim, dim)
        w |= linear_weights(f"{p}.attention.output.dense", dim, dim) | norm_weights(f"{p}.attention.output.LayerNorm", dim)
        w |= linear_weights(f"{p}.intermediate.dense", dim, ff)
        w |= linear_weights(f"{p}.output.dense", ff, dim) | norm_weights(f"{p}.output.LayerNorm", dim)
    w |= linear_weights("pooler.dense", dim, dim)

    ids, lengths = text()
    n = ids.shape[1]
    g = lambda name: (w[f"{name}.weight"], w[f"{name}.bias"])
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:n]
    x = F.layer_norm(x + w["embeddings.token_type_embeddings.weight"][0], (dim,), *g("embeddings.LayerNorm"), eps=1e-12)
    words = [[range(length)] * n for length in lengths]
    for i in range(layers):
        p = f"encoder.layer.{i}"
        q, k, v = (F.linear(x, *g(f"{p}.attention.self.{name}")) for name in ("query", "key", "value"))
        y = F.linear(attend(q, k, v, heads, words), *g(f"{p}.attention.output.dense"))
        x = F.layer_norm(x + y, (dim,), *g(f"{p}.attention.output.LayerNorm"), eps=1e-12)
        y = F.linear(F.gelu(F.linear(x, *g(f"{p}.intermediate.dense"))), *g(f"{p}.output.dense"))
        x = F.layer_norm(x + y, (dim,), *g(f"{p}.output.LayerNorm"), eps=1e-12)
    pooled = torch.tanh(F.linear(x[:, 0], *g("pooler.dense")))
    # Only the words' own places are compared.
    for b, length in enumerate(lengths):
        x[b, length:] = 0
    write("bert", w, {"text": ids, "tokens": x, "pooled": pooled})


def gpt2(dim=24, layers=2, heads=3, vocabulary=20, positions=12):
    w = {"wte.weight": rand(vocabulary, dim), "wpe.weight": rand(positions, dim)}
    for i in range(layers):
        p = f"h.{i}"
        w |= norm_weights(f"{p}.ln_1", dim) | norm_weights(f"{p}.ln_2", dim)
        # The mask that old checkpoints carry.
        w[f"{p}.attn.bias"] = torch.tril(torch.ones(positions, positions)).reshape(1, 1, positions, positions)
        for name, inputs, outputs in (("attn.c_attn", dim, 3 * dim), ("attn.c_proj", dim, dim), ("mlp.c_fc", dim, 4 * dim), ("mlp.c_proj", 4 * dim, dim)):
            w |= {f"{p}.{name}.weight": rand(inputs, outputs), f"{p}.{name}.bias": rand(outputs)}
    w |= norm_weights("ln_f", dim)

    ids, lengths = text()
    n = ids.shape[1]
    x = w["wte.weight"][ids] + w["wpe.weight"][:n]
    causal = [[range(i + 1) for i in range(n)]] * 2
    for i in range(layers):
        conv1d = lambda name, y: y @ w[f"h.{i}.{name}.weight"] + w[f"h.{i}.{name}.bias"]
        norm = lambda name, y: F.layer_norm(y, (dim,), w[f"h.{i}.{name}.weight"], w[f"h.{i}.{name}.bias"], eps=1e-5)
        q, k, v = conv1d("attn.c_attn", norm("ln_1", x)).split(dim, -1)
        x = x + conv1d("attn.c_proj", attend(q, k, v, heads, causal))
        y = conv1d("mlp.c_fc", norm("ln_2", x))
        y = 0.5 * y * (1 + torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y ** 3)))
        x = x + conv1d("mlp.c_proj", y)
    x = F.layer_norm(x, (dim,), w["ln_f.weight"], w["ln_f.bias"], eps=1e-5)
    pooled = torch.stack([x[b, length - 1] for b, length in enumerate(lengths)])
    for b, length in enumerate(lengths):
        x[b, length:] = 0
    write("gpt2", w, {"text": ids, "tokens": x, "pooled": pooled})


resnet18(width=4)
vit()
bert()
gpt2()
