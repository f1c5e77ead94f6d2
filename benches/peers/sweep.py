"""Trains and observes small networks on the digits in PyTorch, one after the other, as the loop would be written there.

    python sweep.py DIGITS.csv NETWORKS EPOCHS

Every network is a knet4 with batch norm on 8x8 pixels, learns by SGD with momentum in batches of 64, and is observed
before the first epoch and after each: seven statistics of three functions of every layer's weights and activations, and
the change of its activity, over the held-out fifth. Default settings of PyTorch. Prints the seconds of all networks.
"""

import sys
import time

import torch
import torch.nn.functional as F
from training import Knet4


def statistics(x):
    """Seven statistics of the rows of x."""
    mean = x.mean(1)
    centred = x - mean[:, None]
    var = centred.square().mean(1)
    median = x.quantile(0.5, 1, interpolation="lower")
    return torch.stack([
        x.norm(dim=1), mean, var, 3 * (mean - median) / var.sqrt(), centred.pow(4).mean(1) / var.square(), median,
        x.quantile(0.75, 1, interpolation="lower"),
    ])


def observe(model, stimuli):
    """The 45 observables of every layer."""
    seen, hooks = [], []
    layers = [layer for layer in model.modules() if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear))]
    for layer in layers:
        hooks.append(layer.register_forward_hook(lambda layer, given, output: seen.append((layer, given[0], output))))
    with torch.no_grad():
        model(stimuli)
    for hook in hooks:
        hook.remove()
    rows = []
    for place, (layer, given, output) in enumerate(seen):
        rectified = 0 < place < len(seen) - 1
        given = given.detach().requires_grad_()
        output = layer(given)
        output = F.relu(output) if rectified else output
        (gradient,) = torch.autograd.grad(output.sum(), given)
        change = gradient.flatten(1).sum(1) / output[0].numel()
        weights, units = layer.weight.detach().reshape(1, -1), output.detach().flatten(1)
        functions = (lambda x: x, torch.abs, torch.square)
        rows.append(torch.cat(
            [statistics(f(weights)).mean(1) for f in functions] + [statistics(f(units)).mean(1) for f in functions]
            + [torch.stack([f(change).mean() for f in functions])]
        ))
    return torch.stack(rows)


def train(inputs, labels, epochs, seed):
    torch.manual_seed(seed)
    n_train = len(labels) * 4 // 5
    model = Knet4("sgdm")
    model.fc4 = torch.nn.Linear(64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-5)
    trajectory = []
    for epoch in range(epochs + 1):
        if epoch:
            model.train()
            for batch in torch.randperm(n_train).split(64)[: n_train // 64]:
                optimizer.zero_grad()
                F.cross_entropy(model(inputs[batch]), labels[batch]).backward()
                optimizer.step()
        model.eval()
        trajectory.append(observe(model, inputs[n_train:]))
        with torch.no_grad():
            outputs = model(inputs[n_train:])
            accuracy = (outputs.argmax(1) == labels[n_train:]).float().mean().item()
    return torch.stack(trajectory), accuracy


def main():
    file, n_networks, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rows = torch.tensor([[int(value) for value in line.split(",")] for line in open(file)])
    inputs = (rows[:, :64].float() / 16).view(-1, 1, 8, 8).repeat(1, 3, 1, 1)
    started = time.perf_counter()
    for seed in range(n_networks):
        _, accuracy = train(inputs, rows[:, 64], epochs, seed)
        assert accuracy > 0.8, accuracy
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
