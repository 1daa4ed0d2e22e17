"""Trains models with PyTorch, for bench/python-training.ts. Speaks lines on standard input and output."""
import json
import sys
import time

import numpy as np
import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU}


def activation_of(config):
    name = config.get("activation", "linear")
    return [] if name == "linear" else [ACTIVATIONS[name]()]


def convolution(config, channels, groups):
    filters = config.get("filters", channels)
    padding = config["padding"]
    (size, _), (strides, _) = config["kernel_size"], config["strides"]
    before = []
    if padding == "same" and strides > 1:
        # Keras pads the far side where both cannot have the same; of even lengths only.
        near = (size - strides) // 2
        before = [nn.ZeroPad2d((near, size - strides - near) * 2)]
        padding = 0
    made = nn.Conv2d(channels, filters, size, strides, padding, groups=groups, bias=config["use_bias"])
    return nn.Sequential(*before, made, *activation_of(config))


def layer_of(kind, config, shape):
    """A layer of Keras for inputs of a shape, channels first."""
    if kind == "Flatten":
        return nn.Flatten()
    if kind == "Dense":
        return nn.Sequential(
            nn.Linear(shape[0], config["units"], bias=config["use_bias"]), *activation_of(config)
        )
    if kind == "Conv2D":
        return convolution(config, shape[0], 1)
    if kind == "DepthwiseConv2D":
        return convolution(config, shape[0], shape[0])
    if kind == "MaxPooling2D":
        return nn.MaxPool2d(config["pool_size"][0])
    if kind == "GlobalAveragePooling2D":
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    raise SystemExit(f"no PyTorch for {kind}")


class Graph(nn.Module):
    """Layers in the order in which they can be computed, each with the places of those that feed it."""

    def __init__(self, topology, shape):
        super().__init__()
        self.layers = nn.ModuleList()
        self.sources = []
        places = {}
        outputs = [torch.zeros(1, *shape)]
        for entry in topology["config"]["layers"]:
            config = entry["config"]
            if entry["class_name"] == "InputLayer":
                places[config["name"]] = 0
                continue
            nodes = entry.get("inbound_nodes", [[]])[0]
            sources = [places[node[0]] for node in nodes] or [len(outputs) - 1]
            if entry["class_name"] == "Add":
                layer = None
            else:
                layer = layer_of(entry["class_name"], config, outputs[sources[0]].shape[1:])
            self.layers.append(layer if layer is not None else nn.Identity())
            self.sources.append(sources)
            places[config["name"]] = len(outputs)
            outputs.append(self.layers[-1](sum(outputs[source] for source in sources)))

    def forward(self, inputs):
        outputs = [inputs]
        for layer, sources in zip(self.layers, self.sources):
            fed = outputs[sources[0]]
            for source in sources[1:]:
                fed = fed + outputs[source]
            outputs.append(layer(fed))
        return outputs[-1]


print(f"ready PyTorch {torch.__version__}", flush=True)
models = {}
inputs = labels = None
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] == "data":
        height, width, channels = order["shape"]
        pixels = np.fromfile(order["inputs"], dtype=np.float32).reshape([-1, height, width, channels])
        inputs = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
        labels = torch.from_numpy(np.fromfile(order["labels"], dtype=np.uint16).astype(np.int64))
        print("ok", flush=True)
    elif order["do"] == "model":
        model = Graph(order["topology"], inputs.shape[1:])
        descent = torch.optim.SGD(model.parameters(), order["learningRate"], momentum=order["momentum"])
        models[order["name"]] = model, descent
        print(sum(parameter.numel() for parameter in model.parameters()), flush=True)
    else:
        model, descent = models[order["name"]]
        loss_of = nn.CrossEntropyLoss()
        count = order["examples"]
        began = time.perf_counter()
        for _ in range(order["epochs"]):
            for picked in torch.randperm(count).split(order["batchSize"]):
                descent.zero_grad()
                loss = loss_of(model(inputs[picked]), labels[picked])
                loss.backward()
                descent.step()
        print(count * order["epochs"] / (time.perf_counter() - began), flush=True)
