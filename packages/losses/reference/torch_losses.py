"""Losses of PyTorch, one value per example, and their gradients for random cotangents, in float64.

Run with a Python that has torch 1.12 or newer:  python3 torch_losses.py > torch-losses.json
Inputs are multiples of 1/64, which float32 holds exactly; probabilities are rounded to float32.
"""

import json

import torch
import torch.nn.functional as F

torch.manual_seed(0)
cases = []


def randn(*shape, scale=1.0):
    return torch.round(torch.randn(shape, dtype=torch.float64) * scale * 64) / 64


def single(t):
    return t.float().double()


def array(t):
    t = t.detach()
    dtype = "float32" if t.is_floating_point() else "int32"
    return {"dtype": dtype, "shape": list(t.shape), "data": [float(f"{v:.12g}") for v in t.reshape(-1).double().tolist()]}


def case(name, function, predictions, targets, **options):
    x = predictions.clone().requires_grad_()
    loss = function(x, targets)
    cotangent = randn(*loss.shape)
    loss.backward(cotangent)
    parts = {"predictions": x, "targets": targets, "loss": loss, "cotangent": cotangent, "gradient": x.grad}
    cases.append({"name": name, "options": options, **{k: array(t) for k, t in parts.items()}})


def features(loss, **kwargs):
    return lambda x, t: loss(x, t, reduction="none", **kwargs).mean(-1)


def none(loss, **kwargs):
    return lambda x, t: loss(x, t, reduction="none", **kwargs)


case("meanSquaredError", features(F.mse_loss), randn(4, 3), randn(4, 3))
case("meanSquaredError", none(F.mse_loss), randn(5), randn(5))
case("meanAbsoluteError", features(F.l1_loss), torch.cat([randn(4, 3), torch.ones(1, 3).double()]), torch.cat([randn(4, 3), torch.ones(1, 3).double()]))
case("huber", features(F.huber_loss), randn(6, 3, scale=2), randn(6, 3))
case("huber", features(F.huber_loss, delta=0.3), randn(6, 3), randn(6, 3), delta=0.3)

bits = lambda *shape: torch.randint(0, 2, shape).double()
extreme = torch.tensor([[1e4, -1e4, 0.0, 30.0], [-30.0, 88.0, -88.0, 1e4]], dtype=torch.float64)
bce = F.binary_cross_entropy_with_logits
case("binaryCrossEntropy", features(bce), randn(5, 3, scale=4), bits(5, 3))
case("binaryCrossEntropy", none(bce), randn(7, scale=4), torch.rand(7).double().mul(64).round().div(64))
case("binaryCrossEntropy", features(bce), extreme, bits(2, 4))
case("binaryCrossEntropy", features(bce), torch.zeros(2, 2).double(), bits(2, 2))
case("binaryCrossEntropy", features(lambda x, t, reduction: bce(x, t * 0.8 + 0.1, reduction=reduction)), randn(5, 3), bits(5, 3), labelSmoothing=0.2)
case("binaryCrossEntropy", features(F.binary_cross_entropy), single(torch.sigmoid(randn(5, 3))), bits(5, 3), fromProbabilities=True)

xent = F.cross_entropy
labels = lambda high, *shape: torch.randint(0, high, shape)
big = torch.tensor([[1e4, 0.0, -1e4], [0.0, 1e4, 9999.0], [-1e4, -1e4, -1e4]], dtype=torch.float64)
one_hot = lambda y, k: F.one_hot(y, k).double()
case("sparseCategoricalCrossEntropy", none(xent), randn(6, 5, scale=3), labels(5, 6))
case("sparseCategoricalCrossEntropy", none(xent), big, torch.tensor([0, 2, 1]))
case("sparseCategoricalCrossEntropy", none(xent, label_smoothing=0.1), randn(6, 5, scale=3), labels(5, 6), labelSmoothing=0.1)
case("sparseCategoricalCrossEntropy", lambda p, y: F.nll_loss(p.log(), y, reduction="none"), single(torch.softmax(randn(6, 5), -1)), labels(5, 6), fromProbabilities=True)
case("categoricalCrossEntropy", none(xent), randn(6, 5, scale=3), one_hot(labels(5, 6), 5))
case("categoricalCrossEntropy", none(xent), randn(4, 3), single(torch.softmax(randn(4, 3), -1)))
case("categoricalCrossEntropy", none(xent), big, one_hot(torch.tensor([0, 2, 1]), 3))
case("categoricalCrossEntropy", none(xent, label_smoothing=0.3), randn(6, 5), one_hot(labels(5, 6), 5), labelSmoothing=0.3)
case("categoricalCrossEntropy", lambda p, t: -(t * p.log()).sum(-1), single(torch.softmax(randn(6, 5), -1)), one_hot(labels(5, 6), 5), fromProbabilities=True)

signs = lambda *shape: bits(*shape) * 2 - 1
case("hinge", lambda x, t: (1 - t * x).clamp(min=0).mean(-1), randn(6, 3), signs(6, 3))
case("categoricalHinge", lambda x, t: (1 + x.masked_fill(t > 0, -torch.inf).max(-1).values - (x * t).sum(-1)).clamp(min=0), randn(6, 5), one_hot(labels(5, 6), 5))
case("klDivergence", lambda x, t: F.kl_div(F.log_softmax(x, -1), t, reduction="none").sum(-1), randn(6, 5, scale=3), single(torch.softmax(randn(6, 5), -1)))
case("klDivergence", lambda x, t: F.kl_div(F.log_softmax(x, -1), t, reduction="none").sum(-1), big, one_hot(torch.tensor([0, 2, 1]), 3))
case("klDivergence", lambda p, t: F.kl_div(p.log(), t, reduction="none").sum(-1), single(torch.softmax(randn(6, 5), -1)), single(torch.softmax(randn(6, 5), -1)), fromProbabilities=True)

weight = torch.tensor([0.5, 2, 1, 0, 3], dtype=torch.float64)
case("weighted sparse", none(xent, weight=weight), randn(6, 5, scale=3), labels(5, 6))
case("weighted, normalized", lambda x, y: F.cross_entropy(x, y, weight=weight).reshape(1), randn(6, 5, scale=3), labels(5, 6))

print(json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")))
