"""PyTorch at the jobs of cuda.ts: one request per line of standard input, one answer per line of standard output, both JSON.

    {"prepare": id, "mode": "eager" | "compile", ...spec}  ->  {"sample": [...]}   the first numbers of the result
    {"run": id, "count": n}                                ->  {"ms": milliseconds of a run}
    {"drop": id}                                           ->  {}

What goes wrong is answered by {"error": "..."}. python3 peers.py DEVICE
"""

import json
import math
import os
import sys
import time


def answer(**message):
    print(json.dumps(message), flush=True)


try:
    import torch
    import torch.nn.functional as F
except ImportError:
    answer(absent=f"{sys.executable} has no PyTorch")
    sys.exit(0)

DEVICE = sys.argv[1] if len(sys.argv) > 1 else "cuda"
GPU = DEVICE.startswith("cuda")
SAMPLE = 5
M32 = 0xFFFFFFFF


def bits(count, seed):
    """The mixer of noise.ts."""
    x = (torch.arange(count, dtype=torch.int64, device=DEVICE) + 1_000_003 * seed) & M32
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & M32
    x = ((x ^ (x >> 15)) * 0x846CA68B) & M32
    return x ^ (x >> 16)


def noise(shape, seed, scale=1.0):
    numbers = (bits(math.prod(shape), seed).double() / 2**31 - 1) * scale
    return numbers.float().reshape(shape)


def whole_noise(shape, seed, below):
    return (bits(math.prod(shape), seed) % below).reshape(shape)


def set_precision(precision):
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"


def tensors(spec, shapes):
    set_precision(spec.get("precision", "float32"))
    made = [noise(shape, i + 1) for i, shape in enumerate(shapes)]
    return [x.bfloat16() for x in made] if spec.get("precision") == "bfloat16" else made


def copy(spec, compiled):
    (x,) = tensors(spec, [spec["shape"]])
    fn = compiled(torch.neg)
    return lambda: fn(x)


def matmul(spec, compiled):
    a, b = tensors(spec, [[spec["n"]] * 2] * 2)
    fn = compiled(torch.matmul)
    return lambda: fn(a, b)


def softmax(spec, compiled):
    (x,) = tensors(spec, [spec["shape"]])
    fn = compiled(lambda x: torch.softmax(x, -1))
    return lambda: fn(x)


def layer_norm(spec, compiled):
    (x,) = tensors(spec, [spec["shape"]])
    fn = compiled(lambda x: F.layer_norm(x, x.shape[-1:]))
    return lambda: fn(x)


def conv(spec, compiled):
    shape = spec["shape"]
    x, w = tensors(spec, [shape, [3, 3, shape[3], shape[3]]])
    x = x.permute(0, 3, 1, 2)  # which lies as channels last
    w = w.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    fn = compiled(lambda x, w: F.conv2d(x, w).permute(0, 2, 3, 1))
    return lambda: fn(x, w)


def attention(spec, compiled):
    q, k, v = [x.transpose(1, 2) for x in tensors(spec, [spec["shape"]] * 3)]
    fn = compiled(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2))
    return lambda: fn(q, k, v)


def attention_gradients(spec, compiled):
    *operands, dy = [x.transpose(1, 2) for x in tensors(spec, [spec["shape"]] * 4)]
    operands = [x.detach().requires_grad_() for x in operands]
    fn = compiled(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True))

    def run():
        dq, dk, dv = torch.autograd.grad(fn(*operands), operands, dy)
        return (dq + dk + dv).transpose(1, 2)

    return run


def adamw(spec, compiled):
    count, numbers = spec["tensors"], spec["numbers"]
    params = [torch.nn.Parameter(noise([numbers], i + 1)) for i in range(count)]
    for i, p in enumerate(params):
        p.grad = noise([numbers], 1000 + i)
    optimizer = torch.optim.AdamW(params, lr=1e-3, weight_decay=0.01, **({"fused": True} if GPU else {}))
    step = compiled(optimizer.step)

    def run():
        step()
        return params[0][:SAMPLE]

    return run


def parameters(folder):
    with open(os.path.join(folder, "shapes.json")) as file:
        shapes = json.load(file)
    found = {}
    for name, shape in shapes.items():
        with open(os.path.join(folder, name + ".f32"), "rb") as file:
            values = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
        found[name] = values.reshape(shape).to(DEVICE)
    return found


def mlp(p, x):
    return F.relu(F.relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"]) @ p["w3"] + p["b3"]


def cnn(p, x):
    layer = lambda y, k, b: F.relu(F.conv2d(y, p[k], p[b]))
    y = F.max_pool2d(layer(x.permute(0, 3, 1, 2), "k1", "b1"), 2)
    y = layer(F.max_pool2d(layer(y, "k2", "b2"), 2), "k3", "b3")
    y = y.permute(0, 2, 3, 1).flatten(1)
    return F.relu(y @ p["w1"] + p["b4"]) @ p["w2"] + p["b5"]


def transformer(p, x, heads, layers, **_):
    y = F.embedding(x, p["table"]) + p["places"]
    width = y.shape[-1]
    norm = lambda y: F.layer_norm(y, [width])
    for i in range(layers):
        q, k, v = (norm(y) @ p[f"qkv{i}"]).unflatten(-1, (3, heads, width // heads)).unbind(2)
        a = F.scaled_dot_product_attention(*(t.transpose(1, 2) for t in (q, k, v)), is_causal=True)
        y = y + a.transpose(1, 2).flatten(2) @ p[f"out{i}"]
        y = y + F.gelu(norm(y) @ p[f"up{i}"], approximate="none") @ p[f"down{i}"]
    return norm(y) @ p["head"]


class Lstm(torch.nn.Module):
    """cuDNN's, with the gates in the order that both sides have."""

    def __init__(self, p, features, units, **_):
        super().__init__()
        self.lstm = torch.nn.LSTM(features, units).to(DEVICE)
        with torch.no_grad():
            self.lstm.weight_ih_l0.copy_(p["kernel"].T)
            self.lstm.weight_hh_l0.copy_(p["recurrent"].T)
            self.lstm.bias_ih_l0.copy_(p["bias"])
            self.lstm.bias_hh_l0.zero_()
        self.lstm.bias_hh_l0.requires_grad_(False)
        self.table, self.out, self.out_bias = (torch.nn.Parameter(p[n]) for n in ("table", "out", "outBias"))

    def forward(self, text):
        states, _ = self.lstm(F.embedding(text, self.table))
        return states @ self.out + self.out_bias


def network(spec):
    """(parameters to train, inputs to logits, inputs, labels)"""
    name, batch = spec["network"], spec["batch"]
    p = parameters(spec["folder"])
    if name == "lstm":
        text, labels = (whole_noise([spec["steps"], batch], seed, spec["characters"]) for seed in (5, 6))
        sizes = {k: spec[k] for k in ("features", "units")}
        model = Lstm(p, **sizes)
        return [q for q in model.parameters() if q.requires_grad], model, text, labels
    if name == "cnn":
        for k in ("k1", "k2", "k3"):
            p[k] = p[k].permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    p = {k: torch.nn.Parameter(v) for k, v in p.items()}
    if name == "transformer":
        x, labels = (whole_noise([batch, spec["tokens"]], seed, spec["characters"]) for seed in (100, 101))
        sizes = {k: spec[k] for k in ("heads", "layers")}
        return list(p.values()), lambda x: transformer(p, x, **sizes), x, labels
    if name == "cnn":
        side = spec["side"]
        return list(p.values()), lambda x: cnn(p, x), noise([batch, side, side, 1], 6), whole_noise([batch], 7, 10)
    return list(p.values()), lambda x: mlp(p, x), noise([batch, spec["features"]], 4), whole_noise([batch], 5, 10)


def step(spec, compiled):
    set_precision(spec["precision"])
    params, logits, x, labels = network(spec)
    optimizer = torch.optim.Adam(params, lr=1e-3, **({"fused": True} if GPU else {}))
    half = spec["precision"] == "bfloat16"

    def loss_of(x, labels):
        with torch.autocast("cuda" if GPU else "cpu", dtype=torch.bfloat16, enabled=half):
            scores = logits(x)
        return F.cross_entropy(scores.float().flatten(0, -2), labels.flatten())

    fn = compiled(loss_of)

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = fn(x, labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return run


def inference(spec, compiled):
    set_precision(spec["precision"])
    _, logits, x, _ = network(spec)
    fn = compiled(logits)
    half = spec["precision"] == "bfloat16"

    def run():
        with torch.no_grad(), torch.autocast("cuda" if GPU else "cpu", dtype=torch.bfloat16, enabled=half):
            return fn(x)

    return run


JOBS = {
    "copy": copy,
    "matmul": matmul,
    "softmax": softmax,
    "layer norm": layer_norm,
    "conv": conv,
    "attention": attention,
    "attention gradients": attention_gradients,
    "adamw": adamw,
    "step": step,
    "inference": inference,
}


def wait():
    if GPU:
        torch.cuda.synchronize()


def compiler(mode):
    if mode == "eager":
        return lambda fn: fn
    return lambda fn: torch.compile(fn, mode="reduce-overhead")


def mnist(spec, compiled):
    """Seconds of training until the accuracy is reached, and what it is."""
    read = lambda name: torch.frombuffer(bytearray(open(os.path.join(spec["folder"], name), "rb").read()), dtype=torch.uint8)
    images = [read(n).reshape(-1, 28, 28, 1).to(DEVICE) for n in ("train.x", "test.x")]
    labels = [read(n).long().to(DEVICE) for n in ("train.y", "test.y")]
    torch.manual_seed(0)
    set_precision("tf32")
    p = parameters(spec["folder"])
    for k in ("k1", "k2", "k3"):
        p[k] = p[k].permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    p = {k: torch.nn.Parameter(v) for k, v in p.items()}
    optimizer = torch.optim.Adam(list(p.values()), lr=1e-3, **({"fused": True} if GPU else {}))
    loss_of = compiled(lambda x, y: F.cross_entropy(cnn(p, x.float() / 255), y))
    batch, total = spec["batch"], len(labels[0])
    start, accuracy, epochs = time.perf_counter(), 0.0, 0
    while accuracy < spec["accuracy"] and epochs < spec["epochs"]:
        order = torch.randperm(total, device=DEVICE)
        for rows in order[: total - total % batch].split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss_of(images[0][rows], labels[0][rows]).backward()
            optimizer.step()
        with torch.no_grad():
            parts = [cnn(p, x.float() / 255).argmax(-1) for x in images[1].split(1000)]
        accuracy = (torch.cat(parts) == labels[1]).float().mean().item()
        epochs += 1
    return {"seconds": time.perf_counter() - start, "accuracy": accuracy, "epochs": epochs}


def main():
    if GPU and not torch.cuda.is_available():
        answer(absent=f"PyTorch {torch.__version__} finds no GPU")
        return
    modes = ["eager", "compile"] if hasattr(torch, "compile") else ["eager"]
    name = torch.cuda.get_device_name(DEVICE) if GPU else "cpu"
    answer(torch=torch.__version__, device=name, modes=modes)
    runs = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                run = JOBS[request["job"]](request, compiler(request["mode"]))
                sample = run().float().flatten()[:SAMPLE].tolist()
                runs[request["prepare"]] = run
                answer(sample=sample)
            elif "run" in request:
                run = runs[request["run"]]
                wait()
                start = time.perf_counter()
                for _ in range(request["count"]):
                    run()
                wait()
                answer(ms=1000 * (time.perf_counter() - start) / request["count"])
            elif "mnist" in request:
                answer(**mnist(request, compiler(request["mode"])))
            else:
                runs.pop(request["drop"], None)
                if GPU:
                    torch.cuda.empty_cache()
                answer()
        except Exception as error:  # of whatever kind: the other jobs go on
            answer(error=f"{type(error).__name__}: {error}".split("\n")[0][:300])


main()
