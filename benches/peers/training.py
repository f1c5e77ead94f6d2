"""Times training steps of the networks of Engram in PyTorch, as one would write them there.

    python training.py NETWORK RULE BATCH THREADS STEPS

NETWORK is knet4 (3x32x32) or resnet18 (3x64x64), RULE is sgdm or feedback_alignment (BioTorch's layers). Prints the
seconds of each step after three that are not counted, one a line. Default settings of PyTorch throughout.
"""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def layers(rule):
    if rule == "feedback_alignment":
        from biotorch.layers.fa import Conv2d, Linear

        return Conv2d, Linear
    return nn.Conv2d, nn.Linear


class Knet4(nn.Module):
    def __init__(self, rule, n_classes=10):
        super().__init__()
        conv, linear = layers(rule)
        self.conv1, self.norm1 = conv(3, 32, 5, padding=2), nn.BatchNorm2d(32)
        self.conv2, self.norm2 = conv(32, 32, 5, padding=2), nn.BatchNorm2d(32)
        self.conv3, self.norm3 = conv(32, 64, 5, padding=2), nn.BatchNorm2d(64)
        self.fc4 = linear(64 * 4 * 4, n_classes)

    def forward(self, x):
        x = F.relu(self.norm1(F.max_pool2d(self.conv1(x), 3, 2, ceil_mode=True)))
        x = self.norm2(F.avg_pool2d(F.relu(self.conv2(x)), 3, 2, ceil_mode=True))
        x = self.norm3(F.avg_pool2d(F.relu(self.conv3(x)), 3, 2, ceil_mode=True))
        return self.fc4(x.flatten(1))


class Block(nn.Module):
    def __init__(self, conv, inputs, outputs, stride, is_first):
        super().__init__()
        self.conv1 = conv(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = conv(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.projection = None
        if is_first:
            self.projection = nn.Sequential(
                conv(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        shortcut = x if self.projection is None else self.projection(x)
        x = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(x)) + shortcut)


class Resnet18(nn.Module):
    def __init__(self, rule, n_classes=1000):
        super().__init__()
        conv, linear = layers(rule)
        self.conv1, self.norm1 = conv(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64)
        blocks, inputs = [], 64
        for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
            for block in range(2):
                blocks.append(Block(conv, inputs, outputs, stride if block == 0 else 1, block == 0))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.fc = linear(512, n_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 3, 2, padding=1)
        return self.fc(self.blocks(x).mean((2, 3)))


def main():
    network, rule, batch, threads, steps = sys.argv[1:6]
    torch.manual_seed(0)
    torch.set_num_threads(int(threads))
    side, n_classes = (32, 10) if network == "knet4" else (64, 1000)
    model = (Knet4 if network == "knet4" else Resnet18)(rule)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    inputs = torch.randn(int(batch), 3, side, side)
    labels = torch.randint(0, n_classes, (int(batch),))
    for step in range(int(steps) + 3):
        started = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
        if step >= 3:
            print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main()
