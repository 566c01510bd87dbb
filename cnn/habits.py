"""Habits: what to write here instead of what Keras, PyTorch or scikit-learn would take.

The tables hold what people type; a name that they do not hold is answered with the most similar one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, wraps
from importlib.util import find_spec
from inspect import Parameter, isabstract, isfunction, signature
from itertools import chain
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SYNONYMS = {
    # arguments
    "alpha": "slope decay",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "criterion": "loss",
    "custom_objects": "custom",
    "decay": "weight_decay",
    "degrees": "rotation",
    "eps": "epsilon",
    "eval_set": "validation_data",
    "filepath": "path",
    "filters": "units",
    "gamma": "factor",
    "kernel_initializer": "initialiser",
    "kernel_size": "pool_size",
    "labels": "targets",
    "lr": "learning_rate rate",
    "max_iter": "epochs",
    "max_lr": "peak",
    "max_norm": "clip_norm",
    "milestones": "points",
    "n_epochs": "epochs",
    "n_jobs": "workers",
    "negative_slope": "slope",
    "num_epochs": "epochs",
    "num_workers": "workers",
    "out_channels": "filters",
    "out_features": "units",
    "p": "rate",
    "pct_start": "warm_up",
    "pool_size": "kernel_size",
    "random_state": "seed",
    "rho": "decay",
    "shape": "input_shape",
    "size": "pool_size kernel_size",
    "translate": "shift",
    "units": "filters",
    "val_data": "validation_data",
    "y": "targets",
    "y_true": "targets",
    # entries of the history
    "acc": "accuracy",
    "val_acc": "validation_accuracy",
    "val_accuracy": "validation_accuracy",
    "val_loss": "validation_loss",
    # classes and initialisers, also given as strings; small letters and no underscores
    "adaptiveavgpool2d": "GlobalAveragePool2D",
    "averagepooling2d": "AveragePool2D",
    "avgpool2d": "AveragePool2D",
    "batchnormalization": "BatchNorm",
    "categoricalcrossentropy": "SoftmaxCrossEntropy",
    "convolution2d": "Conv2D",
    "cosine": "CosineDecay",
    "cosineannealinglr": "CosineDecay",
    "crossentropy": "SoftmaxCrossEntropy",
    "crossentropyloss": "SoftmaxCrossEntropy",
    "glorot": "glorot_normal",
    "he": "he_normal",
    "kaimingnormal": "he_normal",
    "kaiminguniform": "he_uniform",
    "linear": "Dense",
    "modelcheckpoint": "Checkpoint",
    "mse": "MeanSquaredError",
    "mseloss": "MeanSquaredError",
    "multisteplr": "StepDecay",
    "normalization": "Standardise",
    "onecyclelr": "OneCycle",
    "rescaling": "Rescale",
    "sparsecategoricalcrossentropy": "SoftmaxCrossEntropy",
    "steplr": "StepDecay",
    "xaviernormal": "glorot_normal",
    "xavieruniform": "glorot_uniform",
    # hooks of callbacks
    "onbatchend": "on_step_end",
    "onepochbegin": "on_epoch_start",
    "onfitbegin": "on_fit_start",
    "ontestbegin": "on_validation_start",
    "ontrainbatchend": "on_step_end",
    "ontrainbegin": "on_fit_start",
    "ontrainend": "on_fit_end",
    "ontrainepochend": "on_epoch_end",
    "ontrainepochstart": "on_epoch_start",
    "ontrainstart": "on_fit_start",
    "onvalidationepochend": "on_epoch_end",
}
"""Other names of what is here, with ours: the first of them that fits is proposed."""

_ACTIVATION = "put an activation after it as a layer of its own, such as ReLU()"
_ALL_CLASSES_ALIKE = "all samples count alike"
_ANY_NUMBER = "any number of samples is taken; leave it out"
_CHANNELS_FOLLOW = "the channels follow from the samples; leave it out"
_PARAMS = "fit gives it the model's parameters; leave them out"
_PROGRESS = "it follows the progress of the training, however long that is; leave it out"
_SHAPE_FOLLOWS = "the shape follows from the samples, or from build(input_shape) on the model"
_STEPS = "an epoch goes through all samples once; leave it out"
_TO_OPTIMISER = "give it to the optimiser, as in optimiser=Adam(learning_rate=0.001)"
_WEIGHT_DECAY = "write weight_decay=… on the optimiser"

_LAST_AXIS = "it works along the last axis; leave it out"
_BIASES = {
    "bias": "it always has biases, which start at 0",
    "bias_initializer": "the biases start at 0",
    "use_bias": "it always has biases, which start at 0",
}
_OF_MONITOR = {
    "min_delta": "any improvement counts; leave it out",
    "mode": "an accuracy should be high, anything else low; leave it out",
}
_OF_SAMPLES = {"batch_size": _ANY_NUMBER, "verbose": "it prints nothing; leave it out"}

ARGUMENTS = {
    "Sequential": {
        "input_shape": "the shape follows from the samples, or from build(input_shape)",
        "name": "a model has no name; leave it out",
        "random_state": "give fit a seed, as in fit(x, targets, seed=0)",
        "seed": "give fit a seed, as in fit(x, targets, seed=0)",
    },
    "Layer": {
        "activation": _ACTIVATION,
        "data_format": "images are [n, h, w, c], with the channels last",
        "device": "cnn computes on the processor; leave it out",
        "dtype": "a layer computes in the type of its input",
        "in_channels": _CHANNELS_FOLLOW,
        "in_features": "the inputs follow from the samples; leave it out",
        "inplace": "a layer never writes into its input; leave it out",
        "input_dim": _SHAPE_FOLLOWS,
        "input_shape": _SHAPE_FOLLOWS,
        "kernel_regularizer": _WEIGHT_DECAY,
        "name": "a layer is known by its index in the model, model[0]; leave it out",
        "trainable": "all parameters are trained; a callback can give those of a layer back after each step",
    },
    "BatchNorm": {
        "affine": "it always has a scale and a shift",
        "axis": _LAST_AXIS,
        "num_features": _CHANNELS_FOLLOW,
    },
    "Conv2D": {
        **_BIASES,
        "dilation": "the pixels of a window lie side by side",
        "dilation_rate": "the pixels of a window lie side by side",
        "groups": "each filter sees all channels",
    },
    "Dense": _BIASES,
    "Flatten": {"start_dim": "everything but the axis of samples becomes one axis; leave it out"},
    "Softmax": {"axis": _LAST_AXIS, "dim": _LAST_AXIS},
    "SoftmaxCrossEntropy": {"from_logits": "the outputs are always logits; leave it out"},
    "Loss": {
        "reduction": "a loss is the mean over the batch; leave it out",
        "weight": _ALL_CLASSES_ALIKE,
    },
    "Adam": {"amsgrad": "leave it out", "betas": "write beta_1=0.9, beta_2=0.999"},
    "Optimiser": {
        "batch_size": "give it to fit, as in fit(x, targets, batch_size=64)",
        "momentum": "write beta_1=… for Adam and AdamW, or choose SGD",
        "name": "an optimiser has no name; leave it out",
        "params": _PARAMS,
    },
    "Schedule": {
        "epochs": _PROGRESS,
        "optimizer": "give the schedule to the optimiser, as in Adam(CosineDecay(0.01))",
        "step_size": "write points=(0.5, 0.75), the shares of the training after which the rate falls",
        "steps_per_epoch": _PROGRESS,
        "T_max": _PROGRESS,
        "total_steps": _PROGRESS,
    },
    "BestWeights": _OF_MONITOR,
    "EarlyStopping": _OF_MONITOR,
    "Callback": {
        "restore_best_weights": "add BestWeights() to the callbacks",
        "save_best_only": "add BestWeights() to the callbacks, before it",
        "verbose": "it prints nothing; leave it out",
    },
    "fit": {
        "class_weight": _ALL_CLASSES_ALIKE,
        "early_stopping": "write callbacks=[EarlyStopping(patience=3)]",
        "initial_epoch": "fit goes on with the parameters as they are; leave it out",
        "learning_rate": _TO_OPTIMISER,
        "lr": _TO_OPTIMISER,
        "metrics": "the loss is always recorded, and of classes the accuracy; leave it out",
        "sample_weight": _ALL_CLASSES_ALIKE,
        "shuffle": "fit shuffles in every epoch, by its argument seed; leave it out",
        "steps_per_epoch": _STEPS,
        "validation_split": "split the data first, and give validation_data=(x, targets)",
        "verbose": "write progress=True or progress=False to show a progress bar or none",
    },
    "evaluate": _OF_SAMPLES,
    "outputs": _OF_SAMPLES,
    "predict": _OF_SAMPLES,
    "predict_proba": _OF_SAMPLES,
}
"""Arguments of other libraries that have no other name here, and what to do instead: under our class, which
stands for those derived from it too, or our method."""

_FREEZE = (
    "all parameters are trained; to freeze some, give their arrays back to the model after each step, in a "
    "callback's on_step_end, as the page “Coming from Keras, PyTorch or scikit-learn” shows"
)
_LAYERS_AT_ONCE = "give Sequential all layers at once, as in Sequential([Dense(8), ReLU(), Dense(2)])"
_NO_DEVICE = "cnn computes on the processor; leave it out"
_NO_GRADIENTS_KEPT = "gradients are returned and never kept; leave it out"
_NO_MODE = "there are no modes: forward_pass(x, training=True) is told each time, and only fit trains"
_PARAMETERS = "params is the dict of its parameters, such as params['weight']"
_STATE_DICT = "params | state is the dict of all its arrays"
_TO_FIT = "give it to fit, as in fit(x, targets, optimiser=Adam())"
_STOP = "set stopped = True"

ATTRIBUTES = {
    "Sequential": {
        "add": _LAYERS_AT_ONCE,
        "append": _LAYERS_AT_ONCE,
        "backward": "call backward_pass(dy, caches)",
        "call": "call the model itself, model(x), or forward_pass(x) for the caches too",
        "classes_": "call classes() for their number",
        "compile": "give optimiser and loss to fit",
        "count_params": "print(summary()) shows the number of parameters",
        "cpu": _NO_DEVICE,
        "cuda": _NO_DEVICE,
        "eval": _NO_MODE,
        "forward": "call the model itself, model(x), or forward_pass(x) for the caches too",
        "get_layer": "write layers[0] for the first layer",
        "get_weights": _PARAMETERS,
        "load_state_dict": "assign(arrays) takes such a dict of arrays",
        "load_weights": "Sequential.load(path) reads a whole model",
        "named_parameters": f"{_PARAMETERS} under their names",
        "optimiser": _TO_FIT,
        "optimizer": _TO_FIT,
        "parameters": _PARAMETERS,
        "partial_fit": "call fit(x, targets) again: training goes on with the parameters as they are",
        "requires_grad": _FREEZE,
        "save_weights": "save(path) writes the whole model",
        "score": 'write evaluate(x, targets)["accuracy"]',
        "set_weights": "assign(arrays) takes a dict of arrays under their flat names",
        "state_dict": _STATE_DICT,
        "to": _NO_DEVICE,
        "train": _NO_MODE,
        "trainable": _FREEZE,
        "trainable_weights": _PARAMETERS,
        "training": _NO_MODE,
        "weights": _PARAMETERS,
        "zero_grad": _NO_GRADIENTS_KEPT,
    },
    "Layer": {
        "backward": "call backward_pass(dy, cache)",
        "bias": _PARAMETERS,
        "call": "call forward_pass(x)",
        "count_params": "add up the sizes of the arrays in params",
        "eval": _NO_MODE,
        "forward": "call forward_pass(x)",
        "get_weights": _PARAMETERS,
        "kernel": _PARAMETERS,
        "name": "its kind is its class's name",
        "output": "model.activations(x) gives every layer's output",
        "parameters": _PARAMETERS,
        "requires_grad": _FREEZE,
        "set_weights": "assign to the entries of params",
        "state_dict": _STATE_DICT,
        "train": _NO_MODE,
        "trainable": _FREEZE,
        "trainable_weights": _PARAMETERS,
        "training": _NO_MODE,
        "weight": _PARAMETERS,
        "weights": _PARAMETERS,
    },
    "Optimiser": {
        "apply_gradients": "update(params, grads) returns the new parameters",
        "lr": "write learning_rate",
        "minimize": "update(params, grads) returns the new parameters; fit calls it",
        "state_dict": "its arrays are in state",
        "step": "update(params, grads) returns the new parameters; fit calls it",
        "zero_grad": _NO_GRADIENTS_KEPT,
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
    "Callback": {
        "model": "each hook is given the training: write training.model",
        "params": "each hook is given the training, which has epochs, batch_size and more",
        "set_model": "each hook is given the training: write training.model",
    },
    "Training": {
        "should_stop": _STOP,
        "stop": _STOP,
        "stop_training": _STOP,
    },
}
"""Attributes that objects have in other libraries, under the base class of ours, and what to do here."""

_BINARY = "write Dense(2) without Sigmoid as the last layer, and SoftmaxCrossEntropy()"
_IMAGES_ONLY = "write Conv2D or a pool on samples of (length, 1, channels), as in Conv2D(8, (3, 1))"
_IN_CNN = "are in cnn itself, such as cnn."
_IN_A_ROW = "a model is layers in a row, without branches"
_NO_AUTOGRAD = "gradients are computed only where backward_pass is called; leave it out"
_RATE = "write a Schedule such as CosineDecay(0.01), or set training.optimiser.learning_rate in a callback"
_SEED = "give a seed where random numbers are drawn, as in fit(x, targets, seed=0)"
_NORMALISATION = "the normalisation here is BatchNorm; for another one, write a layer of your own"
_YOUR_OWN = "write it as a layer of your own, as the page “Layers and other parts of your own” shows"

NAMES = {
    "activation": "write the layer itself, such as ReLU()",
    "add": _IN_A_ROW,
    "bceloss": _BINARY,
    "bcewithlogitsloss": _BINARY,
    "binarycrossentropy": _BINARY,
    "concatenate": _IN_A_ROW,
    "conv1d": _IMAGES_ONLY,
    "conv2dtranspose": "no layer enlarges an image; " + _YOUR_OWN,
    "convtranspose2d": "no layer enlarges an image; " + _YOUR_OWN,
    "dataloader": "give fit arrays; it cuts them into batches",
    "datasets": "load the data with another library, and give fit arrays",
    "elu": _YOUR_OWN,
    "functional": _IN_CNN.join(["the layers ", "ReLU"]),
    "identity": "leave it out",
    "imagedatagenerator": "write augmentation=RandomAffine(shift=2) in fit",
    "input": _SHAPE_FOLLOWS,
    "inputlayer": _SHAPE_FOLLOWS,
    "layernorm": _NORMALISATION,
    "layernormalization": _NORMALISATION,
    "learningratescheduler": _RATE,
    "load": "write Sequential.load(path)",
    "loadmodel": "write Sequential.load(path)",
    "logsoftmax": "leave it out: SoftmaxCrossEntropy applies the softmax itself",
    "manualseed": _SEED,
    "meanabsoluteerror": "write MeanSquaredError(), or a loss of your own",
    "mlpclassifier": "write Sequential([Dense(100), ReLU(), Dense(10)]) with your layers",
    "model": "write Sequential([Dense(8), ReLU(), Dense(2)]) with your layers",
    "models": "write cnn.Sequential and Sequential.load(path)",
    "module": "write Sequential([Dense(8), ReLU(), Dense(2)]) with your layers",
    "nllloss": "write SoftmaxCrossEntropy(), without a softmax at the end of the model",
    "nn": _IN_CNN.join(["the layers ", "Dense"]),
    "nograd": _NO_AUTOGRAD,
    "optim": _IN_CNN.join(["the optimisers ", "Adam"]),
    "optimizers": _IN_CNN.join(["the optimisers ", "Adam"]),
    "prelu": _YOUR_OWN,
    "reducelronplateau": _RATE,
    "save": "write model.save(path)",
    "setrandomseed": _SEED,
    "silu": _YOUR_OWN,
    "swish": _YOUR_OWN,
    "tensor": "cnn takes NumPy arrays",
    "tocategorical": "labels are taken as they are, and one_hot makes rows of them",
    "transforms": "write augmentation=RandomAffine(shift=2) in fit, and Rescale or Standardise as a layer",
}
"""Names of other libraries' modules, classes and losses that are none of ours, in small letters and without
underscores, and what to do here."""

IN_ORDER = {
    "Conv2D": "there is no in_channels, since it follows from the samples; write stride and the rest by name",
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
                check_arguments(cls, cls.__init__, args, kwargs)
            return super().__new__(cls)

        def __getattr__(self, name: str) -> Any:
            _check_attribute(type(self), name)
            return object.__getattribute__(self, name)  # raises Python's own error

        def __setattr__(self, name: str, value: Any) -> None:
            if type(self).__module__.startswith("cnn.") and not hasattr(type(self), name):
                _check_attribute(type(self), name)  # a class of a user's own may have such an attribute
            super().__setattr__(name, value)


def _check_attribute(owner: type, name: str) -> None:
    """Refuse an attribute that objects have in other libraries: it would do nothing here."""
    advice = _advice(ATTRIBUTES, owner, name)
    if advice:
        raise AttributeError(f"{owner.__name__} has no attribute {name!r}: {advice}.")


def _advice(table: Mapping[str, Mapping[str, str]], owner: type | str, name: str) -> str:
    """Return what a table says of a name, under a class, one of its bases, or a method; else nothing."""
    kinds = [owner] if isinstance(owner, str) else [kind.__name__ for kind in owner.__mro__]
    return next((table[kind][name] for kind in kinds if name in table.get(kind, {})), "")


def explains_arguments(method: Callable[P, T]) -> Callable[P, T]:
    """Make a method answer an argument that it does not have with what it has instead."""

    @wraps(method)
    def explained(*args: P.args, **kwargs: P.kwargs) -> T:
        check_arguments(method.__name__, method, args[1:], kwargs)
        return method(*args, **kwargs)

    return explained


def check_arguments(
    owner: type | str, function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> None:
    """Refuse arguments that a method does not have, and values that mean something else in other libraries.

    Args:
        owner: the class, or the method's name; the message begins with it.
        function: the method, whose first argument is `self`.
        args: the values without a name, but for `self`.
        kwargs: the values with a name.

    Raises:
        TypeError: if an argument is not known, or cannot have its value.
    """
    known, in_order, kinds = _taken_by(function)
    title = _title(owner)
    if len(args) > len(in_order) and Parameter.VAR_POSITIONAL not in kinds:
        taken = f"only {', '.join(in_order)} without a name" if in_order else "no values without a name"
        advice = IN_ORDER.get(title, "write the others as name=value" if known else "leave them out")
        advice = _PARAMS if in_order[:1] == ["learning_rate"] and isinstance(args[0], Mapping) else advice
        raise TypeError(f"{title} takes {taken}, received {len(args)} in a row: {advice}.")
    for name in kwargs:
        if name not in known and Parameter.VAR_KEYWORD not in kinds:
            raise TypeError(unknown_argument(owner, "argument", name, known))
    if owner == "fit" and len(args) == 1 and "targets" not in kwargs:
        raise TypeError(
            "fit needs x and targets, received x alone: give all samples as one array and their targets as "
            "another; fit cuts them into batches."
        )
    for name, value in chain(zip(in_order, args, strict=False), kwargs.items()):
        _check_meaning(title, name, value)


def _title(owner: type | str) -> str:
    return owner if isinstance(owner, str) else owner.__name__


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
            advice = _ACTIVATION
        case "BatchNorm", "momentum", int() if value > 1:
            advice = _CHANNELS_FOLLOW
        case _, "learning_rate", Mapping():
            advice = _PARAMS
        case _:
            return
    raise TypeError(f"{owner}: {name} cannot be {in_brief(value)}: {advice}.")


def unknown_argument(owner: type | str, what: str, name: str, known: Collection[str]) -> str:
    """Return the sentence for an argument or hyperparameter that is not known: what to write instead.

    Example:
        >>> unknown_argument("Dense", "argument", "out_features", ["units", "initialiser"])
        "Dense has no argument 'out_features': did you mean 'units'? It has units, initialiser."
        >>> unknown_argument("predict", "argument", "verbose", ["x"])
        "predict has no argument 'verbose': it prints nothing; leave it out."
    """
    advice = _advice(ARGUMENTS, owner, name)
    hint = f": {advice}." if advice else nearest(name, known, f"it has {', '.join(known) or 'none'}")
    return f"{_title(owner)} has no {what} {name!r}{hint}"


def missing_name(name: str, known: Collection[str]) -> AttributeError | ImportError:
    """Return the error for a name that `cnn` does not have; it says what to write instead.

    Only the `__getattr__` of `cnn` calls this, and raises it: `from cnn import …` hides the words of an
    AttributeError, but not those of an ImportError.

    Example:
        >>> missing_name("Linear", ["Conv2D", "Dense"])
        AttributeError("cnn has no 'Linear': did you mean 'Dense'?")
    """
    advice = NAMES.get(_folded(name))
    hint = f": {advice}." if advice else nearest(name, known)
    if name.startswith("_") or not hint:
        return AttributeError(f"module 'cnn' has no attribute {name!r}")
    # Safe, since the frame is only compared: where imports run otherwise, this is an AttributeError as usual.
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
        received, wanted = in_brief(value), ours.get(_similar(value, ours))
    advice = f"write {_call(wanted)}" if wanted else NAMES.get(_folded(value), "")
    raise TypeError(f"{expected}, received {received}{f': {advice}' if advice else ''}.")


def in_brief(value: object) -> str:
    """Return what was received in a few words and on one line, for a message.

    Example:
        >>> from numpy import zeros
        >>> in_brief((zeros((5, 2)), None)), in_brief({"weight": 1}), in_brief([0] * 100), in_brief("adam")
        ('a tuple of an array of the shape [5, 2], None', "a dict of 'weight'", 'a list of 100', "'adam'")
    """
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"an array of the shape {list(value.shape)}"
    if isinstance(value, tuple | list | dict):
        parts = ", ".join(map(in_brief, value)) if len(value) <= 4 else str(len(value))
        return f"a {type(value).__name__} of {parts or 'nothing'}"
    line = " ".join(repr(value).split())
    return line if len(line) <= 60 else f"{line[:60]}…"


def check_hooks(kind: type, hooks: Mapping[str, object]) -> None:
    """Refuse a callback class with a method `on_…` that is no hook, or does not take exactly the training.

    Args:
        kind: the class.
        hooks: the hooks under their names, `on_…`; other entries do not count.

    Raises:
        TypeError: if a method would never be called, or not as it expects.
    """
    known = [name for name in hooks if name.startswith("on_")]
    for name, method in vars(kind).items():
        if not (name.startswith("on_") and isfunction(method)):
            continue
        if name not in known:
            hint = nearest(name, known, f"the hooks are {', '.join(known)}")
            raise TypeError(f"{kind.__name__} has a method {name}, which is never called{hint}")
        taken = list(signature(method).parameters.values())
        if len(taken) != 2 and not any(one.kind is Parameter.VAR_POSITIONAL for one in taken):
            raise TypeError(
                f"{kind.__name__}.{name} must take the training alone, as in {name}(self, training), "
                f"received {name}({', '.join(map(str, taken))})."
            )


def check_takes_training(function: Callable[..., object]) -> None:
    """Refuse a function as a callback that cannot be called with the training alone.

    Raises:
        TypeError: if it takes no argument, or needs more than one.
    """
    try:
        expected = signature(function)
    except ValueError:  # some functions that are written in C do not tell
        return
    try:
        expected.bind(None)
    except TypeError:
        name = getattr(function, "__name__", type(function).__name__)
        raise TypeError(
            f"fit: a callback that is a function must take the training alone, as in {name}(training), "
            f"received {name}{expected}."
        ) from None


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


def nearest(received: object, known: Iterable[str], rest: str = "") -> str:
    """Return the end of a sentence: the question "did you mean …?" with what is most similar, and the rest.

    Args:
        received: what was received.
        known: the names to choose from; a synonym among them comes first.
        rest: what the message says in any case, in small letters and without a full stop.

    Example:
        >>> nearest("Con2D", ["Conv2D", "Dense"], "there are Conv2D and Dense")
        ": did you mean 'Conv2D'? There are Conv2D and Dense."
        >>> nearest("xyz", ["Conv2D", "Dense"], "there are Conv2D and Dense")
        ': there are Conv2D and Dense.'
    """
    found = _similar(received, list(known))
    if not found:
        return f": {rest}." if rest else ""
    return f": did you mean {found!r}?" + (f" {rest[0].upper()}{rest[1:]}." if rest else "")


def _similar(received: object, known: Collection[str]) -> str:
    folded = {_folded(name): name for name in known}
    name = _folded(received)
    cutoff = 0.75 if len(name) > 3 else 0.6  # of three letters, such as SGD, one may be wrong
    similar = get_close_matches(name, folded, n=1, cutoff=cutoff)
    return _synonym(received, known) or (folded[similar[0]] if similar else "")


def _synonym(received: object, known: Collection[str]) -> str:
    ours = SYNONYMS.get(str(received)) or SYNONYMS.get(_folded(received), "")
    return next((name for name in ours.split() if name in known), "")


def _folded(name: object) -> str:
    return str(name).casefold().replace("_", "")
