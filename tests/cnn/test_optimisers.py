import copy
from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
import pytest

from cnn import SGD, Adam, AdamW, ConstantRate, OneCycle, Optimiser, RMSProp, Schedule
from tests.refusals import assert_refuses

# One number a list: the formulas below are those of the docstrings, for a single parameter.
START = {"0.weight": [1.0, -2.0], "0.bias": [0.5]}
GRADIENTS = [
    {"0.weight": [0.5, -1.0], "0.bias": [2.0]},
    {"0.weight": [-0.25, 3.0], "0.bias": [0.0]},
    {"0.weight": [0.1, 0.2], "0.bias": [-0.3]},
    {"0.weight": [4.0, -4.0], "0.bias": [1.0]},
]
RATE = 0.1
DECAYS = {"0.weight"}

Memory = dict[str, float]
Step = Callable[[float, float, int, Memory], float]


def sgd(w: float, g: float, t: int, memory: Memory) -> float:
    return w - RATE * g


def momentum(w: float, g: float, t: int, memory: Memory) -> float:
    memory["v"] = 0.9 * memory.get("v", 0.0) + g
    return w - RATE * memory["v"]


def nesterov(w: float, g: float, t: int, memory: Memory) -> float:
    memory["v"] = 0.9 * memory.get("v", 0.0) + g
    return w - RATE * (g + 0.9 * memory["v"])


def rms_prop(w: float, g: float, t: int, memory: Memory) -> float:
    memory["s"] = 0.8 * memory.get("s", 0.0) + 0.2 * g**2
    return w - RATE * g / (sqrt(memory["s"]) + 1e-3)


def adam(w: float, g: float, t: int, memory: Memory) -> float:
    memory["m"] = 0.7 * memory.get("m", 0.0) + 0.3 * g
    memory["v"] = 0.95 * memory.get("v", 0.0) + 0.05 * g**2
    mean, square = memory["m"] / (1 - 0.7**t), memory["v"] / (1 - 0.95**t)
    return w - RATE * mean / (sqrt(square) + 1e-3)


RMS_PROP: dict[str, Any] = {"decay": 0.8, "epsilon": 1e-3}
ADAM: dict[str, Any] = {"beta_1": 0.7, "beta_2": 0.95, "epsilon": 1e-3}


def by_hand(
    step: Step, decay_in_gradient: float, decay_beside: float, clip_norm: float
) -> dict[str, list[float]]:
    """The parameters after all the gradients, in plain Python."""
    params = copy.deepcopy(START)
    memory: dict[tuple[str, int], Memory] = {}
    for t, grads in enumerate(GRADIENTS, start=1):
        norm = sqrt(sum(g**2 for numbers in grads.values() for g in numbers))
        for name, numbers in grads.items():
            for i, number in enumerate(numbers):
                w = params[name][i]
                g = number * min(1.0, clip_norm / norm)
                if name.endswith("weight"):
                    g += decay_in_gradient * w
                    w -= RATE * decay_beside * w
                params[name][i] = step(w, g, t, memory.setdefault((name, i), {}))
    return params


def arrays(numbers: dict[str, list[float]], dtype: Any = np.float64) -> dict[str, Any]:
    return {name: np.array(values, dtype) for name, values in numbers.items()}


@pytest.mark.parametrize("clip_norm", [None, 2.0], ids=["unclipped", "clipped"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.25], ids=["no decay", "decay"])
@pytest.mark.parametrize(
    ("kind", "hyperparameters", "step"),
    [
        (SGD, {}, sgd),
        (SGD, {"momentum": 0.9}, momentum),
        (SGD, {"momentum": 0.9, "nesterov": True}, nesterov),
        (RMSProp, RMS_PROP, rms_prop),
        (Adam, ADAM, adam),
        (AdamW, ADAM, adam),
    ],
)
def test_steps_are_those_worked_by_hand(
    kind: type[Optimiser],
    hyperparameters: dict[str, Any],
    step: Step,
    weight_decay: float,
    clip_norm: float | None,
) -> None:
    optimiser = kind(learning_rate=RATE, weight_decay=weight_decay, clip_norm=clip_norm, **hyperparameters)
    params = arrays(START)
    for grads in GRADIENTS:
        params = optimiser.update(params, arrays(grads), decays=DECAYS)
    beside = weight_decay if kind is AdamW else 0.0
    expected = by_hand(step, weight_decay - beside, beside, clip_norm or float("inf"))
    assert params.keys() == expected.keys()
    for name, numbers in expected.items():
        np.testing.assert_allclose(params[name], numbers, rtol=1e-12)


def test_decay_and_clipping_are_off_unless_asked_for_except_adamws_decay() -> None:
    weight, grad = {"weight": np.array([100.0])}, {"weight": np.array([50.0])}
    assert SGD(learning_rate=1.0).update(weight, grad)["weight"] == 50
    assert AdamW(learning_rate=1.0).update(weight, {"weight": np.array([0.0])})["weight"] == 99


def test_gradients_are_clipped_by_their_length_over_all_parameters_together() -> None:
    optimiser = SGD(learning_rate=1.0, clip_norm=1.0)
    zeros = arrays({"a.weight": [0.0], "b.bias": [0.0]})
    for received, taken in [((3.0, -4.0), (0.6, -0.8)), ((0.3, -0.4), (0.3, -0.4)), ((0.0, 0.0), (0.0, 0.0))]:
        grads = arrays({"a.weight": [received[0]], "b.bias": [received[1]]})
        params = optimiser.update(zeros, grads)
        assert (-params["a.weight"].item(), -params["b.bias"].item()) == pytest.approx(taken)


@pytest.mark.parametrize(
    ("optimiser", "slots"),
    [
        (SGD(learning_rate=RATE, momentum=0.9), ["velocity"]),
        (RMSProp(learning_rate=RATE), ["square"]),
        (AdamW(learning_rate=RATE), ["mean", "square"]),
    ],
)
def test_steps_and_state_are_all_that_an_optimiser_needs_to_go_on(
    optimiser: Optimiser, slots: list[str]
) -> None:
    params, half = arrays(START), len(GRADIENTS) // 2
    fresh = copy.deepcopy(optimiser)
    for grads in GRADIENTS[:half]:
        params = optimiser.update(params, arrays(grads))
    assert optimiser.steps == half
    assert sorted(optimiser.state) == slots
    for remembered in optimiser.state.values():
        assert {name: array.shape for name, array in remembered.items()} == {"0.weight": (2,), "0.bias": (1,)}

    fresh.steps, fresh.state = optimiser.steps, copy.deepcopy(optimiser.state)
    resumed = params
    for grads in GRADIENTS[half:]:
        params, resumed = optimiser.update(params, arrays(grads)), fresh.update(resumed, arrays(grads))
    np.testing.assert_equal(resumed, params)


ALL: list[tuple[type[Optimiser], dict[str, Any]]] = [
    (SGD, {"momentum": 0.9}),
    (SGD, {"momentum": 0.9, "nesterov": True}),
    (RMSProp, RMS_PROP),
    (Adam, ADAM),
    (AdamW, ADAM),
]


@pytest.mark.parametrize(("kind", "hyperparameters"), ALL)
def test_parameters_and_gradients_are_not_changed_nor_shared_with_the_state(
    kind: type[Optimiser], hyperparameters: dict[str, Any]
) -> None:
    optimiser = kind(learning_rate=RATE, weight_decay=0.1, clip_norm=1.0, **hyperparameters)
    params, grads = arrays(START), arrays(GRADIENTS[0])
    before = copy.deepcopy((params, grads))
    first = optimiser.update(params, grads)
    np.testing.assert_equal((params, grads), before)
    state = copy.deepcopy(optimiser.state)
    for array in (*params.values(), *grads.values(), *first.values()):
        array.fill(1e9)
    np.testing.assert_equal(optimiser.state, state)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kind", "hyperparameters"), ALL)
def test_parameters_and_state_keep_their_number_type_whatever_type_the_hyperparameters_have(
    kind: type[Optimiser], hyperparameters: dict[str, Any], dtype: Any
) -> None:
    chosen = {"learning_rate": RATE, "weight_decay": 0.1, "clip_norm": 1.0} | hyperparameters
    optimiser = kind(**{k: np.float64(v) if isinstance(v, float) else v for k, v in chosen.items()})
    params = optimiser.update(arrays(START, dtype), arrays(GRADIENTS[0], dtype))
    remembered = [array for slot in optimiser.state.values() for array in slot.values()]
    assert {array.dtype for array in (*params.values(), *remembered)} == {np.dtype(dtype)}


@pytest.mark.parametrize(("kind", "rate"), [(SGD, 0.01), (RMSProp, 0.001), (Adam, 0.001), (AdamW, 0.001)])
def test_the_learning_rate_has_the_usual_default_and_needs_no_name(
    kind: type[Optimiser], rate: float
) -> None:
    assert kind().learning_rate == rate
    assert kind(0.5).learning_rate == kind(learning_rate=0.5).learning_rate == 0.5
    assert kind(OneCycle(0.5)).rate_at(0.3) == OneCycle(0.5)(0.3)


def test_the_learning_rate_follows_its_schedule() -> None:
    schedule = OneCycle(0.5)
    for progress in (0.0, 0.2, 0.9):
        optimiser = SGD(learning_rate=schedule)
        assert optimiser.rate_at(progress) == schedule(progress)
        w = optimiser.update({"w": np.array([0.0])}, {"w": np.array([1.0])}, progress)["w"]
        assert w == -schedule(progress)
    assert SGD(learning_rate=0.5).rate_at(0.9) == ConstantRate(0.5)(0.9) == 0.5


def test_only_the_named_parameters_decay_or_all_if_none_are_named() -> None:
    params, grads = arrays({"a": [1.0], "b": [1.0]}), arrays({"a": [0.0], "b": [0.0]})
    for optimiser in (SGD(learning_rate=0.1, weight_decay=1.0), AdamW(learning_rate=0.1, weight_decay=1.0)):
        assert optimiser.update(params, grads, decays=["a"]) == {"a": pytest.approx(0.9), "b": 1}
        assert optimiser.update(params, grads) == {"a": pytest.approx(0.9), "b": pytest.approx(0.9)}


@pytest.mark.parametrize(
    ("kind", "hyperparameters", "error", "named"),
    [
        (SGD, {"learning_rate": float("nan")}, ValueError, ["learning_rate", "(0, inf)", "nan"]),
        (RMSProp, {"learning_rate": "0.1"}, TypeError, ["learning_rate", "number", "'0.1'"]),
        (Adam, {"weight_decay": -1}, ValueError, ["weight_decay", "[0, inf)", "-1"]),
        (AdamW, {"clip_norm": 0}, ValueError, ["clip_norm", "(0, inf)", "0"]),
        (SGD, {"momentum": 1}, ValueError, ["momentum", "[0, 1)", "1"]),
        (SGD, {"nesterov": True}, ValueError, ["nesterov", "momentum 0"]),
        (RMSProp, {"decay": 1.5}, ValueError, ["decay", "[0, 1)", "1.5"]),
        (RMSProp, {"epsilon": 0}, ValueError, ["epsilon", "(0, inf)", "0"]),
        (Adam, {"beta_1": 1}, ValueError, ["beta_1", "[0, 1)", "1"]),
    ],
)
def test_wrong_hyperparameters_are_refused(
    kind: type[Optimiser], hyperparameters: dict[str, Any], error: type[Exception], named: list[str]
) -> None:
    chosen = {"learning_rate": 0.1, **hyperparameters}
    assert_refuses(lambda: kind(**chosen), error, kind.__name__, *named)


@pytest.mark.parametrize(
    ("params", "grads", "error", "named"),
    [
        (np.zeros((2, 3)), np.ones((3, 2)), ValueError, ("gradient of w", "[2, 3]", "received [3, 2]")),
        (np.zeros(3), np.ones(1), ValueError, ("gradient of w", "[3]", "received [1]")),
        (np.zeros(3), [1.0] * 3, TypeError, ("The gradient w must be a NumPy array", "a list of 1.0")),
        ([0.0] * 3, np.ones(3), TypeError, ("The parameter w must be a NumPy array", "a list of 0.0")),
    ],
    ids=["transposed", "broadcast", "a list as gradient", "a list as parameter"],
)
def test_gradients_that_do_not_fit_their_parameter_are_refused(
    params: Any, grads: Any, error: type[Exception], named: tuple[str, ...]
) -> None:
    optimiser = SGD(1.0)
    assert_refuses(lambda: optimiser.update({"w": params}, {"w": grads}), error, *named)
    assert optimiser.steps == 0


class Returns(Schedule):
    def __init__(self, rate: Any) -> None:
        self.rate = rate

    def __call__(self, progress: float) -> float:
        return self.rate  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("rate", "error", "named"),
    [
        (-0.1, ValueError, ("SGD: learning_rate must lie in [0, inf), received -0.1",)),
        ("0.1", TypeError, ("SGD: learning_rate must be a number, received '0.1'",)),
        (Returns(None), TypeError, ("Returns: the rate at progress 0.25 must be a number", "None")),
        (Returns(-1), ValueError, ("Returns: the rate at progress 0.25", "received -1")),
        (Returns(np.nan), ValueError, ("Returns: the rate at progress 0.25", "received nan")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_learning_rate_that_is_none_is_refused_when_it_is_used(
    rate: Any, error: type[Exception], named: tuple[str, ...]
) -> None:
    optimiser = SGD(1.0)
    optimiser.learning_rate = rate
    assert_refuses(lambda: optimiser.update(arrays(START), arrays(GRADIENTS[0]), 0.25), error, *named)
    assert optimiser.steps == 0


@pytest.mark.parametrize("progress", [-0.1, 1.5, np.nan])
def test_progress_lies_from_0_to_1(progress: float) -> None:
    named = "SGD: progress must lie from 0 to 1", str(progress)
    assert_refuses(lambda: SGD().update(arrays(START), arrays(GRADIENTS[0]), progress), ValueError, *named)


def test_gradients_of_other_parameters_are_refused() -> None:
    optimiser, names = SGD(learning_rate=0.1), ["0.scale", "0.weight"]
    assert_refuses(
        lambda: optimiser.update(arrays(START), {name: np.zeros(1) for name in names}),
        ValueError, str(sorted(START)), str(names),
    )  # fmt: skip
    assert optimiser.steps == 0
