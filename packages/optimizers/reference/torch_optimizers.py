"""Ten steps of PyTorch's optimizers, rates of its schedules, and clipped gradients, in float64.

Run with a Python that has torch 1.12 or newer:  python3 torch_optimizers.py > torch-optimizers.json
Parameters and gradients are multiples of 1/64, which float32 holds exactly.
"""

import json

import torch
from torch.optim import lr_scheduler

torch.manual_seed(0)
STEPS = 10


def randn(*shape, scale=1.0):
    return torch.round(torch.randn(shape, dtype=torch.float64) * scale * 64) / 64


start = {"weight": randn(3, 2), "bias": randn(2)}
gradients = [{name: randn(*p.shape, scale=0.5) for name, p in start.items()} for _ in range(STEPS)]


def flat(tree):
    return {name: t.detach().reshape(-1).tolist() for name, t in tree.items()}


def trace(optimizer, clip=None):
    """The parameters after each step."""
    params = {name: p.clone().requires_grad_() for name, p in start.items()}
    o = optimizer(list(params.values()))
    after = []
    for g in gradients:
        for name, p in params.items():
            p.grad = g[name].clone()
        if clip is not None:
            clip(list(params.values()))
        o.step()
        after.append(flat(params))
    return after


def rates(schedule):
    """The rate of each step, from 0.1."""
    o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    s = schedule(o)
    found = []
    for _ in range(STEPS):
        found.append(o.param_groups[0]["lr"])
        o.step()
        s.step()
    return found


optim = torch.optim
utils = torch.nn.utils
traces = {
    "sgd": trace(lambda p: optim.SGD(p, lr=0.1)),
    "momentum": trace(lambda p: optim.SGD(p, lr=0.1, momentum=0.9)),
    "nesterov": trace(lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True)),
    "sgd with L2 penalty": trace(lambda p: optim.SGD(p, lr=0.1, weight_decay=0.2)),
    "adagrad": trace(lambda p: optim.Adagrad(p, lr=0.1, eps=1e-10)),
    "rmsprop": trace(lambda p: optim.RMSprop(p, lr=0.1, alpha=0.9, eps=1e-7)),
    "rmsprop, centered, with momentum": trace(
        lambda p: optim.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.9, centered=True)
    ),
    "adam": trace(lambda p: optim.Adam(p, lr=0.1, eps=1e-8)),
    "adamw": trace(lambda p: optim.AdamW(p, lr=0.1, eps=1e-8, weight_decay=0.01)),
    "sgd, clipped by global norm": trace(
        lambda p: optim.SGD(p, lr=1), lambda p: utils.clip_grad_norm_(p, 1.0)
    ),
    "sgd, clipped by value": trace(lambda p: optim.SGD(p, lr=1), lambda p: utils.clip_grad_value_(p, 0.25)),
}
schedules = {
    "stepDecay": rates(lambda o: lr_scheduler.StepLR(o, 3, 0.5)),
    "exponentialDecay": rates(lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
    "cosineDecay": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, 0.02)),
    "warmup": rates(lambda o: lr_scheduler.LinearLR(o, 0.25, 1, 4)),
}


def rounded(value):
    """Numbers with 12 digits: more than float32 can tell apart."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.12g}")


print(
    json.dumps(
        {
            "torch": torch.__version__,
            "start": rounded(flat(start)),
            "gradients": rounded([flat(g) for g in gradients]),
            "traces": rounded(traces),
            "schedules": rounded(schedules),
        },
        separators=(",", ":"),
    )
)
