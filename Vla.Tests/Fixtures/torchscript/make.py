"""Writes vision encoders, [1, 3, 224, 224] to [1, 128]: two that were exported in training mode, one that hangs; and stages to be looked through.

Run once with Debian 12's python3-torch (1.13):  python3 make.py
"""
import pathlib

import torch
from torch import nn


class Small(nn.Module):
    def __init__(self, middle):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 8, stride=32)
        self.middle = middle
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.out = nn.Linear(4, 128)

    def forward(self, x):
        return self.out(self.pool(torch.relu(self.middle(self.conv(x)))).flatten(1))


class Hangs(nn.Module):
    """Good for 30 pictures, then it never returns."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        wait = torch.zeros(1)
        while bool(self.calls > 30) and bool(wait < 1):
            wait = wait * 1
        return torch.zeros(1, 128) + x.mean() * 0.01 + wait


folder = pathlib.Path(__file__).parent
torch.manual_seed(0)
for name, middle in (("trained-dropout", nn.Dropout(0.5)), ("trained-batch-norm", nn.BatchNorm2d(4))):
    module = Small(middle).train()
    torch.jit.trace(module, torch.zeros(1, 3, 224, 224), check_trace=False).save(folder / f"{name}.pt")
torch.jit.script(Hangs().eval()).save(folder / "hangs.pt")


class Looked(torch.nn.Module):
    """For what is looked for before libtorch opens a file: see FiniteWeightsTests."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.fc = torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(self.norm(self.conv(x)).mean([2, 3]))


def looked(change=lambda module: None):
    torch.manual_seed(3)
    module = Looked().eval()
    with torch.no_grad():
        change(module)
    return torch.jit.script(module)


def not_finite(module):
    module.conv.weight[0, 0, 0, 0] = float("nan")


def negative(module):
    module.norm.running_var[1] = -5.0


looked(not_finite).save(folder / "not-finite.pt")
torch.jit.freeze(looked(not_finite)).save(folder / "not-finite-frozen.pt")
looked(negative).save(folder / "negative-variance.pt")
torch.jit.freeze(looked()).save(folder / "frozen.pt")
torch.jit.optimize_for_inference(looked()).save(folder / "optimized.pt")
