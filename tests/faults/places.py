"""Every place of `params.yaml`, found by walking through the file and its schema, and changes to it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any, NamedTuple

import cnn
from pipeline.common import paths
from pipeline.common.recipes import make_model
from tests.pipeline.workspace import ROOT, small_parameters

Way = tuple[str | int, ...]

SCHEMA: dict[str, Any] = json.loads((ROOT / paths.SCHEMA).read_text(encoding="utf-8"))

LAYERS = [
    cnn.Conv2D(3, 3, padding="same"),
    cnn.BatchNorm(),
    cnn.LeakyReLU(),
    cnn.MaxPool2D(2),
    cnn.Conv2D(4, (2, 3), stride=(1, 2), padding=1),
    cnn.GELU(),
    cnn.AveragePool2D(2),
    cnn.ReLU(),
    cnn.Dropout(0.25),
    cnn.GlobalAveragePool2D(),
    cnn.Flatten(),
    cnn.Dense(5),
    cnn.Tanh(),
    cnn.Sigmoid(),
    cnn.Dense(10),
    cnn.Softmax(),
]
SCHEDULES = [
    cnn.ConstantRate(0.1),
    cnn.StepDecay(0.1),
    cnn.CosineDecay(0.1),
    cnn.OneCycle(0.1, start=0.01, end=0.001),
]
OPTIMISERS = [cnn.SGD, cnn.RMSProp, cnn.Adam, cnn.AdamW]


def full_parameters() -> dict[str, Any]:
    """Return parameters in which every hyperparameter of every layer, optimiser, … is written out."""
    data = small_parameters()
    every = data["recipes"]["every"] = copy.deepcopy(data["recipes"]["small"])
    every["model"] = [layer.to_config() for layer in LAYERS]
    every["loss"] = {"loss": "MeanSquaredError"}
    every["augmentation"] = written_out("augmentation", cnn.RandomAffine(shift=1))
    data["recipes"]["other"]["loss"] = written_out("loss", cnn.SoftmaxCrossEntropy())
    for kind, schedule in zip(OPTIMISERS, SCHEDULES, strict=True):
        config = written_out("optimiser", kind(learning_rate=1.0, clip_norm=1.0))
        config["learning_rate"] = written_out("schedule", schedule)
        data["figures"]["valley"]["optimisers"][f"{kind.__name__} in full"] = config
    return data


def written_out(what: str, made: Any) -> dict[str, Any]:
    values = {entry.name: asdict(made)[entry.name] for entry in fields(made) if entry.init}
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {what: type(made).__name__, **values}


class Place(NamedTuple):
    """A place of the parameters.

    Attributes:
        way: the keys and indices that lead to it.
        value: what stands there.
        schema: what may stand there.
        home: the schema of the mapping or list that it belongs to.
    """

    way: Way
    value: Any
    schema: dict[str, Any]
    home: dict[str, Any]

    @property
    def name(self) -> str:
        """The place as messages name it."""
        return ".".join(map(str, self.way))

    @property
    def last(self) -> str:
        return str(self.way[-1])

    @property
    def is_required(self) -> bool:
        return self.last in self.home.get("required", [])

    @property
    def is_kind(self) -> bool:
        """Whether it says which layer, optimiser … it is about."""
        return "const" in self.schema

    @property
    def is_inside(self) -> bool:
        """Whether it is a hyperparameter of a layer, an optimiser …, which has no name with dots."""
        return self._depth() < len(self.way)

    @property
    def named(self) -> list[str]:
        """What a message about it must name."""
        if not self.is_inside:
            return [self.name]
        known = [".".join(map(str, self.way[: self._depth()])), self.last]
        if "model" in self.way:
            known.append(f"layer {self.way[self.way.index('model') + 1]}")
        return known

    def _depth(self) -> int:
        """Return the length of the way to the nearest part that has a name with dots."""
        for depth, key in enumerate(self.way):
            if key in {"optimiser", "loss", "augmentation"}:
                return depth + 1
            if key == "optimisers":
                return min(depth + 2, len(self.way))
            if key == "model":
                return depth + 1 if len(self.way) > depth + 2 else len(self.way)
        return len(self.way)


def places(data: dict[str, Any]) -> list[Place]:
    """Go through all places; of the same fields of several recipes or layers only the first is taken."""
    found: dict[tuple[object, ...], Place] = {}
    for key, place in _walk(data, SCHEMA, (), ()):
        found.setdefault(key, place)
    return list(found.values())


def _walk(node: Any, home: dict[str, Any], way: Way, key: tuple[object, ...]) -> Iterator[Any]:
    """Go through what a mapping or a list of layers holds; equal keys stand for the same field."""
    entries = node.items() if isinstance(node, dict) else enumerate(node)
    for name, value in entries:
        own = home.get("properties", {})
        inner = home["items"] if "items" in home else own.get(name) or home["additionalProperties"]
        schema = resolved(inner, value)
        field = (home["title"], name) if name in own else (*key, schema["title"])
        yield field, Place((*way, name), value, resolved(inner, None), home)
        if isinstance(value, dict) or name == "model":
            yield from _walk(value, schema, (*way, name), field)


def resolved(schema: dict[str, Any], node: Any) -> dict[str, Any]:
    """Follow references, and of several kinds of mapping take the one that stands there."""
    if "$ref" in schema:
        return resolved(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], node)
    if isinstance(node, dict):
        for choice in [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
            inner = resolved(choice, node)
            own = inner.get("properties", {})
            if any(own.get(what, {}).get("const") == kind for what, kind in node.items()):
                return inner
    return schema


def put(data: dict[str, Any], way: Way, value: Any) -> dict[str, Any]:
    """Return the data with another value at a place."""
    result = copy.deepcopy(data)
    _home(result, way)[way[-1]] = value
    return result


def without(data: dict[str, Any], way: Way) -> dict[str, Any]:
    """Return the data with nothing at a place."""
    result = copy.deepcopy(data)
    del _home(result, way)[way[-1]]
    return result


def renamed(data: dict[str, Any], way: Way, name: str) -> dict[str, Any]:
    """Return the data with another name for a place."""
    result = copy.deepcopy(data)
    home = _home(result, way)
    home[name] = home.pop(way[-1])
    return result


def _home(node: Any, way: Way) -> Any:
    for key in way[:-1]:
        node = node[key]
    return node


def shapes(model: list[dict[str, Any]]) -> list[tuple[int, ...]]:
    """Return the shape of what each layer of a model is given, and last of what the model gives."""
    import numpy as np

    made = make_model(model)
    made.build((28, 28, 1), np.random.default_rng(0))
    outputs = made.activations(np.zeros((1, 28, 28, 1), np.float32))
    return [(28, 28, 1), *(output.shape[1:] for output in outputs)]
