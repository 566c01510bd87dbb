"""What would go wrong silently in layers, losses and models of a user's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import Dense, Layer, Loss, ReLU, Sequential, SoftmaxCrossEntropy, gradient_check
from cnn.types import Array, Gradients, Shape, Targets
from tests.cnn.own import Slope
from tests.cnn.tiny import built, digests
from tests.refusals import assert_refuses

X, LABELS = np.random.default_rng(0).random((12, 4)), np.arange(12) % 3


def fit(*layers: Layer, **options: Any) -> Sequential:
    model = Sequential(layers)
    model.fit(X, LABELS, epochs=1, **options)
    return model


# Arrays where training does not see them --------------------------------------------------------------


class Beside(Slope):
    """Keeps what its `build` makes beside `params`."""

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        self.gain = [rng.random(input_shape)]
        return super().build(input_shape, rng)


class Block(Layer):
    """Copies the arrays of its layers into its params once, where the layers do not see new ones."""

    def __init__(self, units: int = 4) -> None:
        super().__init__()
        self.units = units
        self.inside = Sequential([Dense(units), ReLU(), Dense(units)])

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        self.inside.build(input_shape, rng)
        self.params = self.inside.params
        return self.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        return self.inside.forward_pass(x, training, rng)

    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        return self.inside.backward_pass(dy, cache)


class Untold(Block):
    """Tells training of none of the arrays of its layers."""

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        return self.inside.build(input_shape, rng)


class Follows(Block):
    """Gives its layers its present params in each pass."""

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        self.inside.assign(self.params)
        return super().forward_pass(x, training, rng)


class Residual(Layer):
    """y = x + the output of layers that are made from its params in each pass."""

    decays = ("0.weight", "2.weight")

    def __init__(self, units: int = 4) -> None:
        super().__init__()
        self.units = units

    def inside(self) -> Sequential:
        model = Sequential([Dense(self.units), ReLU(), Dense(self.units)])
        for name, array in self.params.items():
            index, _, own_name = name.partition(".")
            model[int(index)].params[own_name] = array
        return model

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        model = self.inside()
        model.build(input_shape, rng)
        self.params = dict(model.params)
        return input_shape

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        y, caches = self.inside().forward_pass(x, training, rng)
        return x + y, caches

    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        dx, grads = self.inside().backward_pass(dy, cache)
        return dy + dx, grads


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (Beside(), ("Beside: build keeps an array in self.gain", 'self.params["gain"]', "self.state")),
        (Untold(), ("Untold keeps a layer", "self.inside", "self.params")),
        (Block(), ("Block keeps a layer", "self.inside", "self.params")),
    ],
    ids=["array", "layers", "copied once"],
)
def test_arrays_that_would_never_be_trained_are_refused(layer: Layer, named: tuple[str, ...]) -> None:
    assert_refuses(lambda: fit(layer, Dense(3)), TypeError, *named)


@pytest.mark.parametrize("layer", [Beside(), Untold()], ids=["array", "layers"])
def test_the_gradient_check_refuses_such_arrays_too(layer: Layer) -> None:
    assert_refuses(lambda: gradient_check(layer, (2, 4), 0), TypeError, "neither trained nor saved")


@pytest.mark.parametrize("block", [Residual, Follows])
def test_a_layer_of_layers_is_trained_and_comes_back(block: type[Layer], tmp_path: Path) -> None:
    model = built([block(), Dense(3)], (4,))
    before = model.params
    model.fit(X, LABELS, epochs=1)
    assert all((model.params[name] != before[name]).any() for name in before)
    with pytest.warns(UserWarning, match="load the file by"):
        model.save(tmp_path / "model.npz")
    again = Sequential.load(tmp_path / "model.npz", custom=[block])
    assert digests({"y": again(X)}) == digests({"y": model(X)})


def test_the_gradients_of_a_layer_of_layers_are_right() -> None:
    assert max(gradient_check(Residual(), (3, 4), 0).values()) < 1e-6


# Shapes -----------------------------------------------------------------------------------------------


class Mine(Layer):
    """Keeps the shape, or says so."""

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        return x, x

    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        return dy, {}


@pytest.mark.parametrize(
    ("methods", "named"),
    [
        ({"forward_pass": lambda _, x, *__, **___: (x[:, :2], x)}, ("forward_pass", "[12, 4]", "[12, 2]")),
        ({"backward_pass": lambda _, dy, __: (dy.sum(axis=0), {})}, ("backward_pass", "[12, 4]", "[4]")),
    ],
    ids=["output", "dx"],
)
def test_a_layer_of_another_shape_than_it_tells_is_named(
    methods: dict[str, Any], named: tuple[str, ...]
) -> None:
    layer: Layer = type("Named", (Mine,), methods)()
    assert_refuses(lambda: fit(Dense(4), layer, Dense(3)), TypeError, "Named: ", *named)


class Gain(Mine):
    """y = gain · x, with a parameter without axes."""

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        self.params["gain"] = np.ones((), np.float32)
        return input_shape

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        return self.param("gain", like=x) * x, x

    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        return self.param("gain", like=dy) * dy, {"gain": (dy * cache).sum()}


def test_a_parameter_without_axes_is_trained() -> None:
    assert max(gradient_check(Gain(), (3, 4), 0).values()) < 1e-6
    assert fit(Gain(), Dense(3)).params["0.gain"] != 1


# Losses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [lambda loss, *given: loss(*given[:2]), lambda loss, *given: (loss(*given[:2])[0], loss(*given)[1])],
    ids=["both", "the value"],
)
def test_a_loss_that_ignores_the_size_of_the_batch_is_refused(change: Callable[..., Any]) -> None:
    class Mean(Loss):
        def __call__(self, outputs: Array, targets: Targets, batch_size: int | None = None) -> Any:
            return change(SoftmaxCrossEntropy(), outputs, targets, batch_size)

    named = "Mean must divide", "batch_size", "len(outputs)"
    assert_refuses(lambda: fit(Dense(3), loss=Mean()), ValueError, *named)


# Subclasses -------------------------------------------------------------------------------------------


class Stopped(Dense):
    """Lets no gradient through to its parameters."""

    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        dx, grads = super().backward_pass(dy, cache)
        return dx, {name: 0 * grad for name, grad in grads.items()}


class StoppedModel(Sequential):
    def backward_pass(self, dy: Array, caches: list[Any]) -> tuple[Array, Gradients]:
        return super().backward_pass(0 * dy, caches)


@pytest.mark.parametrize(
    "model", [Sequential([Stopped(3)]), StoppedModel([Dense(3)])], ids=["layer", "model"]
)
def test_training_uses_a_backward_pass_that_a_subclass_overrides(model: Sequential) -> None:
    model.build((4,))
    before = digests(model.params)
    model.fit(X, LABELS, epochs=1)
    assert digests(model.params) == before


@pytest.mark.parametrize("name", ["forward", "call"])
def test_a_model_with_a_forward_pass_of_another_name_is_refused(name: str) -> None:
    def define() -> None:
        type("Net", (Sequential,), {name: lambda _, x: x})

    assert_refuses(define, TypeError, f"Net has a method {name}", "forward_pass(")


class Wide(Sequential):
    def __init__(self, width: int = 4) -> None:
        super().__init__([Dense(width), Dense(3)])


class Scaled(Sequential):
    def __init__(self, layers: Any, factor: float = 1.0) -> None:
        super().__init__(layers)
        self.factor = factor


class Times(Sequential):
    factor = 1.0

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, list[Any]]:
        y, caches = super().forward_pass(x, training, rng)
        return self.factor * y, caches


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Wide(5), ("Wide would not come back", "from_config")),
        (lambda: Scaled([Dense(3)], 2.0), ("Scaled would come back with another factor", "from_config")),
        (lambda: Times([Dense(3)]), ("Times would come back with other outputs", "from_config")),
    ],
    ids=["constructor", "argument", "outputs"],
)
def test_a_model_of_a_subclass_that_would_not_come_back_is_not_saved(
    make: Callable[[], Sequential], named: tuple[str, ...], tmp_path: Path
) -> None:
    model = make()
    model.build((4,))
    if isinstance(model, Times):
        model.factor = 2.0
    assert_refuses(lambda: model.save(tmp_path / "model.npz"), ValueError, *named)
    assert list(tmp_path.iterdir()) == []
