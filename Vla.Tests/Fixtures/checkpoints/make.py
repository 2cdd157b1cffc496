"""Makes the checkpoints beside this file, as training scripts leave them, with stock PyTorch (1.13 made those that are here).

Each holds the same four tensors, fusion.a to fusion.d; see TrainingCheckpointTests.
"""

import argparse
import collections
import datetime
import os
import pathlib
import random

import numpy
import torch

HERE = pathlib.Path(__file__).parent


class SimpleVLA(torch.nn.Module):
    pass


def weights():
    torch.manual_seed(7)
    return collections.OrderedDict(
        [("fusion.a", torch.randn(2, 3)), ("fusion.b", torch.randn(3)), ("fusion.inner.c", torch.randn(3, 2).t()), ("fusion.d", torch.tensor(4))]
    )


def prefixed(prefix):
    return collections.OrderedDict((prefix + name, value) for name, value in weights().items())


def optimizer():
    layer = torch.nn.Linear(2, 2)
    adam = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    adam.step()
    return adam.state_dict()


def whole():
    model, fusion, inner = SimpleVLA(), SimpleVLA(), SimpleVLA()
    values = weights()
    fusion.register_parameter("a", torch.nn.Parameter(values["fusion.a"]))
    fusion.register_parameter("b", torch.nn.Parameter(values["fusion.b"]))
    fusion.register_buffer("d", values["fusion.d"])
    inner.register_parameter("c", torch.nn.Parameter(values["fusion.inner.c"]))
    fusion.add_module("inner", inner)
    model.add_module("fusion", fusion)
    return model


class Call:
    def __reduce__(self):
        return os.mkdir, ("called-by-a-pickle",)


def save(name, value, **how):
    torch.save(value, HERE / name, **how)


generator = torch.Generator()
save("plain.pt", weights())
save("protocol4.pt", weights(), pickle_protocol=4)
save("old-format.pt", weights(), _use_new_zipfile_serialization=False)
save("model.pt", {"model": weights(), "optimizer": optimizer(), "epoch": 3})
save("state-dict.pt", {"state_dict": weights(), "epoch": torch.tensor(3), "best": numpy.float64(0.25)})
save("nested.pt", {"model": {"state_dict": weights()}, "optim": optimizer()})
save(
    "odd.pt",
    {
        "model_state_dict": weights(),
        "args": argparse.Namespace(lr=1e-3, path=pathlib.PurePosixPath("/x")),
        "numpy": numpy.int64(3),
        "array": numpy.zeros(3),
        "default": collections.defaultdict(list, {"a": [1]}),
        "counter": collections.Counter("aab"),
        "size": torch.Size([1, 2]),
        "dtype": torch.float16,
        "device": torch.device("cpu"),
        "generator": generator.get_state(),
        "python random": random.getstate(),
        "set": {1, 2},
        "frozen": frozenset([1]),
        "complex": 1 + 2j,
        "large": 2**200,
        "bytes": b"abc",
        "nothing": None,
        "date": datetime.datetime(2026, 1, 2),
        "complex tensor": torch.zeros(2, dtype=torch.complex64),
        "small tensor": torch.zeros(2, dtype=torch.int8),
    },
)
save(
    "lightning.ckpt",
    {
        "epoch": 1,
        "pytorch-lightning_version": "2.0",
        "state_dict": prefixed("model."),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {},
        "optimizer_states": [optimizer()],
        "hyper_parameters": argparse.Namespace(a=1),
    },
)
save("module.pt", prefixed("module."))
save("compiled.pt", prefixed("_orig_mod.module."))
save("inside.pt", collections.OrderedDict((name.replace("fusion.", "fusion._orig_mod."), value) for name, value in weights().items()))
save("parameters.pt", collections.OrderedDict((n, torch.nn.Parameter(v)) if v.is_floating_point() else (n, v) for n, v in weights().items()))
save("whole.pt", whole())
save("whole-in-dict.pt", {"model": whole(), "epoch": 1})
shared = weights()
shared["fusion.b"] = shared["fusion.b"][:1].expand(3)
shared["fusion.a"] = torch.arange(100.0)[7:13].view(2, 3)
save("expanded.pt", shared)
save("two.pt", {"actor": weights(), "critic": prefixed("")})
save("twice.pt", {**weights(), **prefixed("ema.")})
save("calls.pt", {"model": weights(), "x": Call()})
