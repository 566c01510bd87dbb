"""Habits: what to write here instead of what Keras, PyTorch or scikit-learn would take.

The tables hold what people type; a name that they do not hold is answered with the most similar one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, wraps
from importlib.util import find_spec
from inspect import Parameter, isabstract, signature
from itertools import chain
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SYNONYMS = {
    # arguments
    "alpha": "slope decay",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "custom_objects": "custom",
    "decay": "weight_decay",
    "degrees": "rotation",
    "eps": "epsilon",
    "filepath": "path",
    "filters": "units",
    "gamma": "factor",
    "kernel_initializer": "initialiser",
    "kernel_size": "pool_size",
    "labels": "targets",
    "lr": "learning_rate rate",
    "max_lr": "peak",
    "max_norm": "clip_norm",
    "milestones": "points",
    "n_jobs": "workers",
    "negative_slope": "slope",
    "num_workers": "workers",
    "out_channels": "filters",
    "out_features": "units",
    "p": "rate",
    "pct_start": "warm_up",
    "pool_size": "kernel_size",
    "random_state": "seed",
    "rho": "decay",
    "size": "pool_size kernel_size",
    "translate": "shift",
    "units": "filters",
    "verbose": "progress",
    "y": "targets",
    "y_true": "targets",
    # classes, also given as strings; small letters and no underscores
    "adaptiveavgpool2d": "GlobalAveragePool2D",
    "batchnormalization": "BatchNorm",
    "categoricalcrossentropy": "SoftmaxCrossEntropy",
    "crossentropy": "SoftmaxCrossEntropy",
    "crossentropyloss": "SoftmaxCrossEntropy",
    "kaimingnormal": "he_normal",
    "kaiminguniform": "he_uniform",
    "linear": "Dense",
    "modelcheckpoint": "Checkpoint",
    "mse": "MeanSquaredError",
    "mseloss": "MeanSquaredError",
    "normalization": "Standardise",
    "sparsecategoricalcrossentropy": "SoftmaxCrossEntropy",
    "xaviernormal": "glorot_normal",
    "xavieruniform": "glorot_uniform",
}
"""Other names of arguments, classes and initialisers, with ours: the first of them that fits is proposed."""

ARGUMENTS = {
    "activation": "put an activation after it as a layer of its own, such as ReLU()",
    "affine": "it always has a scale and a shift",
    "amsgrad": "leave it out",
    "axis": "it works along the last axis; leave it out",
    "batch_size": "any number of samples is taken; leave it out",
    "betas": "write beta_1=0.9, beta_2=0.999",
    "bias": "it always has biases, which start at 0",
    "bias_initializer": "the biases start at 0",
    "class_weight": "all samples count alike",
    "data_format": "images are [n, h, w, c], with the channels last",
    "device": "cnn computes on the processor; leave it out",
    "dilation": "the pixels of a window lie side by side",
    "dilation_rate": "the pixels of a window lie side by side",
    "dim": "it works along the last axis; leave it out",
    "dtype": "a layer computes in the type of its input, float32 or float64",
    "from_logits": "the outputs are always logits; leave it out",
    "groups": "each filter sees all channels",
    "in_channels": "the channels follow from the samples; leave it out",
    "in_features": "the inputs follow from the samples; leave it out",
    "inplace": "a layer never writes into its input; leave it out",
    "input_dim": "the shape follows from the samples, or from build(input_shape) on the model",
    "input_shape": "the shape follows from the samples, or from build(input_shape) on the model",
    "kernel_regularizer": "write weight_decay=… on the optimiser",
    "metrics": "loss and accuracy are always recorded; leave it out",
    "mode": "an accuracy should be high, anything else low; leave it out",
    "momentum": "write beta_1=… for Adam and AdamW, or choose SGD",
    "name": "a layer is known by its index in the model, model.layers[0]; leave it out",
    "num_features": "the channels follow from the samples; leave it out",
    "params": "fit gives it the model's parameters; leave them out",
    "reduction": "a loss is the mean over the batch; leave it out",
    "regularizer": "write weight_decay=… on the optimiser",
    "restore_best_weights": "add BestWeights() to the callbacks",
    "sample_weight": "all samples count alike",
    "save_best_only": "add BestWeights() to the callbacks, before it",
    "shuffle": "fit shuffles in every epoch, by its argument seed; leave it out",
    "start_dim": "everything but the axis of samples becomes one axis; leave it out",
    "trainable": "all parameters are trained; leave it out",
    "use_bias": "it always has biases, which start at 0",
    "validation_split": "split the data first, and give validation_data=(x, targets)",
    "verbose": "it prints nothing; leave it out",
}
"""Arguments of other libraries that have no other name here, and what to do instead."""

_PARAMETERS = "params is the dict of its parameters"
_NO_MODE = "there are no modes: forward_pass(x, training=True) is told each time, and only fit trains"

ATTRIBUTES = {
    "Sequential": {
        "add": "give Sequential all layers at once, as in Sequential([Dense(8), ReLU(), Dense(2)])",
        "append": "give Sequential all layers at once, as in Sequential([Dense(8), ReLU(), Dense(2)])",
        "backward": "call backward_pass(dy, caches)",
        "call": "call the model itself, model(x), or forward_pass(x) for the caches too",
        "classes_": "call classes() for their number",
        "compile": "give optimiser and loss to fit",
        "count_params": "print(summary()) shows the number of parameters",
        "cpu": "cnn computes on the processor; leave it out",
        "cuda": "cnn computes on the processor; leave it out",
        "eval": _NO_MODE,
        "fit_generator": "call fit(x, targets) with arrays",
        "forward": "call the model itself, model(x), or forward_pass(x) for the caches too",
        "get_layer": "write layers[0] for the first layer",
        "get_weights": _PARAMETERS,
        "load_state_dict": "assign(arrays) takes such a dict of arrays",
        "load_weights": "Sequential.load(path) reads a whole model",
        "named_parameters": f"{_PARAMETERS} under their names",
        "parameters": _PARAMETERS,
        "partial_fit": "call fit(x, targets) again: training goes on with the parameters as they are",
        "predict_classes": "predict(x) gives the classes",
        "requires_grad_": "all parameters are trained; leave it out",
        "save_weights": "save(path) writes the whole model",
        "score": 'write evaluate(x, targets)["accuracy"]',
        "set_weights": "assign(arrays) takes a dict of arrays under their flat names",
        "state_dict": "params | state is the dict of all its arrays",
        "to": "cnn computes on the processor; leave it out",
        "train": _NO_MODE,
        "train_on_batch": "call fit(x, targets) with arrays",
        "trainable_variables": _PARAMETERS,
        "trainable_weights": _PARAMETERS,
        "variables": _PARAMETERS,
        "weights": _PARAMETERS,
        "zero_grad": "gradients are returned and never kept; leave it out",
    },
    "Layer": {
        "backward": "call backward_pass(dy, cache)",
        "bias": 'write params["bias"]',
        "call": "call forward_pass(x)",
        "count_params": "add up the sizes of the arrays in params",
        "eval": _NO_MODE,
        "forward": "call forward_pass(x)",
        "get_weights": _PARAMETERS,
        "kernel": 'write params["weight"]',
        "name": "its kind is its class's name",
        "output": "model.activations(x) gives every layer's output",
        "parameters": _PARAMETERS,
        "set_weights": "assign to the entries of params",
        "state_dict": "params | state is the dict of all its arrays",
        "train": _NO_MODE,
        "trainable_weights": _PARAMETERS,
        "weight": 'write params["weight"]',
        "weights": _PARAMETERS,
    },
    "Optimiser": {
        "apply_gradients": "update(params, grads) returns the new parameters",
        "lr": "write learning_rate",
        "minimize": "update(params, grads) returns the new parameters; fit calls it",
        "param_groups": "write learning_rate; it is the same for all parameters",
        "state_dict": "its arrays are in state",
        "step": "update(params, grads) returns the new parameters; fit calls it",
        "zero_grad": "gradients are returned and never kept; leave it out",
    },
    "History": {
        "evaluate": "the model does it, model.evaluate(x, targets)",
        "history": 'write history["loss"] for the losses of all epochs',
        "params": "history[-1] is the record of the last epoch",
        "predict": "fit returns the history; the model does it, model.predict(x)",
        "score": 'the model does it, model.evaluate(x, targets)["accuracy"]',
    },
    "Loss": {
        "backward": "call it, loss(outputs, targets), for its value and its gradient",
        "forward": "call it, loss(outputs, targets), for its value and its gradient",
    },
}
"""Attributes that objects have in other libraries, under the base class of ours, and what to do here."""

NAMES = {
    "Activation": "write the layer itself, such as ReLU()",
    "DataLoader": "give fit arrays; it cuts them into batches",
    "Input": "the shape follows from the samples, or from build(input_shape) on the model",
    "InputLayer": "the shape follows from the samples, or from build(input_shape) on the model",
    "Model": "write Sequential([Dense(8), ReLU(), Dense(2)]) with your layers",
    "Module": "write Sequential([Dense(8), ReLU(), Dense(2)]) with your layers",
    "Tensor": "cnn takes NumPy arrays",
    "models": "write cnn.Sequential and Sequential.load(path)",
    "nn": "the layers are in cnn itself, such as cnn.Dense",
    "optim": "the optimisers are in cnn itself, such as cnn.Adam",
    "optimizers": "the optimisers are in cnn itself, such as cnn.Adam",
    "tensor": "cnn takes NumPy arrays",
    "to_categorical": "labels are taken as they are, and one_hot makes rows of them",
}
"""Names of other libraries' modules that are none of ours, and what to do here."""

IN_ORDER = {
    "Sequential": "put all layers into one list, as in Sequential([Dense(8), ReLU(), Dense(2)])",
    "build": "give the shape as one tuple, such as build((28, 28, 1))",
}
"""What to write where other libraries take more values without a name."""


# What the library asks --------------------------------------------------------------------------------


class Explains:
    """Answer an argument or an attribute that a class does not have with what it has instead.

    The base of layers, losses, optimisers and all else that users make. Subclasses, pickle and copy work as
    they would without it. Type checkers do not see it, and go on refusing such names themselves.
    """

    if not TYPE_CHECKING:

        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            """Check the arguments, which `__init__` takes."""
            if args or kwargs:  # pickle and copy give none
                check_arguments(cls.__name__, cls.__init__, args, kwargs)
            return super().__new__(cls)

        def __getattr__(self, name: str) -> Any:
            for kind in type(self).__mro__:
                advice = ATTRIBUTES.get(kind.__name__, {}).get(name)
                if advice:
                    raise AttributeError(f"{type(self).__name__} has no attribute {name!r}: {advice}.")
            return object.__getattribute__(self, name)  # raises Python's own error


def explains_arguments(method: Callable[P, T]) -> Callable[P, T]:
    """Make a method answer an argument that it does not have with what it has instead."""

    @wraps(method)
    def explained(*args: P.args, **kwargs: P.kwargs) -> T:
        check_arguments(method.__name__, method, args[1:], kwargs)
        return method(*args, **kwargs)

    return explained


def check_arguments(
    owner: str, function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> None:
    """Refuse arguments that a method does not have, and values that mean something else in other libraries.

    Args:
        owner: the name of the class or method; the message begins with it.
        function: the method, whose first argument is `self`.
        args: the values without a name, but for `self`.
        kwargs: the values with a name.

    Raises:
        TypeError: if an argument is not known, or cannot have its value.
    """
    known, in_order, kinds = _taken_by(function)
    if len(args) > len(in_order) and Parameter.VAR_POSITIONAL not in kinds:
        taken = f"only {', '.join(in_order)} without a name" if in_order else "no values without a name"
        advice = IN_ORDER.get(owner, "write the others as name=value" if known else "leave them out")
        raise TypeError(f"{owner} takes {taken}, received {len(args)} in a row: {advice}.")
    for name in kwargs:
        if name not in known and Parameter.VAR_KEYWORD not in kinds:
            raise TypeError(unknown_argument(owner, "argument", name, known))
    for name, value in chain(zip(in_order, args, strict=False), kwargs.items()):
        _check_meaning(owner, name, value)


@cache
def _taken_by(function: Callable[..., object]) -> tuple[list[str], list[str], set[object]]:
    """Return the names that a method takes, those of them that need not be written, and the kinds of all."""
    taken = [] if function is object.__init__ else list(signature(function).parameters.values())
    in_order = [one.name for one in taken[1:] if one.kind <= Parameter.POSITIONAL_OR_KEYWORD]
    return [one.name for one in taken[1:]], in_order, {one.kind for one in taken}


def _check_meaning(owner: str, name: str, value: object) -> None:
    """Refuse a value which another library takes as its argument of another name, at the same point."""
    match owner, name, value:
        case "Dense", "initialiser", int():
            advice = "give the outputs alone, since the inputs follow from the samples"
        case "Conv2D" | "Dense", "initialiser", "gelu" | "linear" | "relu" | "sigmoid" | "softmax" | "tanh":
            advice = ARGUMENTS["activation"]
        case "BatchNorm", "momentum", int() if value > 1:
            advice = ARGUMENTS["num_features"]
        case _, "learning_rate", Mapping():
            advice = ARGUMENTS["params"]
        case _:
            return
    raise TypeError(f"{owner}: {name} cannot be {value!r:.30}: {advice}.")


def unknown_argument(owner: str, what: str, name: str, known: Collection[str]) -> str:
    """Return the sentence for an argument or hyperparameter that is not known: what to write instead.

    Example:
        >>> unknown_argument("Dense", "argument", "out_features", ["units", "initialiser"])
        "Dense has no argument 'out_features', did you mean 'units'?: it has units, initialiser."
        >>> unknown_argument("Dropout", "argument", "inplace", ["rate"])
        "Dropout has no argument 'inplace': a layer never writes into its input; leave it out."
    """
    if name in ARGUMENTS and not _synonym(name, known):
        return f"{owner} has no {what} {name!r}: {ARGUMENTS[name]}."
    return f"{owner} has no {what} {name!r}{nearest(name, known)}: it has {', '.join(known) or 'none'}."


def missing_name(name: str, known: Collection[str]) -> AttributeError | ImportError:
    """Return the error for a name that `cnn` does not have; it says what to write instead.

    Only the `__getattr__` of `cnn` calls this, and raises it: `from cnn import …` hides the words of an
    AttributeError, but not those of an ImportError.

    Example:
        >>> missing_name("Linear", ["Conv2D", "Dense"])
        AttributeError("cnn has no 'Linear', did you mean 'Dense'?")
    """
    hint = f": {NAMES[name]}." if name in NAMES else nearest(name, known)
    if name.startswith("_") or not hint:
        return AttributeError(f"module 'cnn' has no attribute {name!r}")
    is_import = sys._getframe(2).f_code.co_name == "_handle_fromlist" and not find_spec(f"cnn.{name}")
    return (ImportError if is_import else AttributeError)(f"cnn has no {name!r}{hint}")


def check_object(expected: str, value: object, kind: type) -> None:
    """Refuse anything but an object of this kind; for a class or its name, say what makes an object.

    Args:
        expected: the beginning of the sentence, such as `"fit: loss must be a Loss"`.
        value: what was received.
        kind: the class that it must have.

    Raises:
        TypeError: if it is not such an object.
    """
    if isinstance(value, kind):
        return
    ours = {one.__name__: one for one in _kinds_of(kind)}
    if isinstance(value, type):
        received, wanted = f"the class {value.__name__}", value if issubclass(value, kind) else None
    else:
        received, wanted = f"{value!r:.60}", ours.get(_similar(value, ours))
    raise TypeError(f"{expected}, received {received}{f': write {_call(wanted)}' if wanted else ''}.")


def _kinds_of(kind: type) -> Iterator[type]:
    """Go through the library's classes of this kind that objects can be made of."""
    if kind.__module__.startswith("cnn.") and not isabstract(kind):
        yield kind
    subclasses: list[type] = kind.__subclasses__()
    for subclass in subclasses:
        yield from _kinds_of(subclass)


def _call(kind: type) -> str:
    """Return what makes an object of this class, such as `Dense(units=…)`."""
    needed = [one.name for one in signature(kind).parameters.values() if one.default is Parameter.empty]
    return f"{kind.__name__}({', '.join(f'{name}=…' for name in needed)})"


def nearest(received: object, known: Iterable[str]) -> str:
    """Return the question "did you mean …?" with a synonym or the most similar name, if there is one.

    Example:
        >>> nearest("Con2D", ["Conv2D", "Dense"])
        ", did you mean 'Conv2D'?"
    """
    found = _similar(received, list(known))
    return f", did you mean {found!r}?" if found else ""


def _similar(received: object, known: Collection[str]) -> str:
    folded = {_folded(name): name for name in known}
    similar = get_close_matches(_folded(received), folded, n=1)
    return _synonym(received, known) or (folded[similar[0]] if similar else "")


def _synonym(received: object, known: Collection[str]) -> str:
    ours = SYNONYMS.get(str(received)) or SYNONYMS.get(_folded(received), "")
    return next((name for name in ours.split() if name in known), "")


def _folded(name: object) -> str:
    return str(name).casefold().replace("_", "")
