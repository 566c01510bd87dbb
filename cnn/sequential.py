"""The sequential model: layers in a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

from cnn.augmentation import Augmentation
from cnn.checks import check_samples, sample_shape
from cnn.config import Kinds, by_name, from_config, given_objects, own_parts, plain, warn_to_keep
from cnn.habits import Explains, check_object, explains_arguments
from cnn.initialisers import INITIALISERS
from cnn.labels import check_targets, labels_of
from cnn.layers import LAYERS, Layer, Softmax
from cnn.layers.base import check_started
from cnn.losses import LOSSES, Loss, SoftmaxCrossEntropy
from cnn.metrics import accuracy
from cnn.optimisers import Optimiser
from cnn.parallel import check_workers, keep_freed_memory, one_blas_thread, worker_pool
from cnn.storage import read_arrays, reason, write_arrays
from cnn.summary import summary
from cnn.training import MICRO_BATCH_SIZE, CallbackLike, Record, Training
from cnn.types import Array, Gradients, Labels, Shape, Targets

DEFAULT_LOSS = SoftmaxCrossEntropy()

KINDS: Kinds = {"layer": LAYERS, "loss": LOSSES, "function": INITIALISERS}
"""What a model's file may name without `custom`."""


class Sequential(Explains):
    """A classifier made of layers in a row, each of which takes the output of the one before.

    Args:
        layers: the layers, from input to output; the last one gives a number (logit) for each class.

    Attributes:
        layers: the layers.
        input_shape: one sample's shape, `(h, w, c)`, once the model is built.
        loss: the loss with which the model was last trained.

    Raises:
        TypeError: if one of the layers is not a Layer, or its constructor does not call that of Layer.
        ValueError: if there is none, or the same layer is given twice.

    Example:
        >>> from cnn import Adam, Dense, Flatten, ReLU
        >>> rng = np.random.default_rng(0)
        >>> labels = np.arange(200) % 2
        >>> images = rng.random((200, 4, 4, 1), dtype=np.float32) + labels[:, None, None, None]
        >>> model = Sequential([Flatten(), Dense(8), ReLU(), Dense(2)])
        >>> model.build((4, 4, 1), rng)
        (2,)
        >>> history = model.fit(images, labels, epochs=9, optimiser=Adam(learning_rate=0.01), batch_size=20)
        >>> history[-1]["accuracy"]
        1.0
    """

    def __init__(self, layers: Iterable[Layer] = ()) -> None:
        if isinstance(layers, Layer):
            raise TypeError(f"Sequential expects a list of layers, received {layers!r}: put it into [ ].")
        self.layers: Sequence[Layer] = list(layers)
        self.input_shape: Shape | None = None
        self.loss: Loss = SoftmaxCrossEntropy()
        if not self.layers:
            raise ValueError(
                "Sequential needs at least one layer, received none: give it all layers at once, "
                "as in Sequential([Dense(8), ReLU(), Dense(2)])."
            )
        for layer in self.layers:
            check_object("Sequential expects layers such as Dense(10)", layer, Layer)
            check_started(layer)
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError("Sequential needs different layer objects, received one of them twice.")

    def __repr__(self) -> str:
        return f"Sequential([{', '.join(map(repr, self.layers))}])"

    @explains_arguments
    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Create every layer's parameters for samples of this shape.

        Args:
            input_shape: one sample's shape, without n: `(h, w, c)`.
            rng: where random weights come from.

        Returns:
            The shape of one output.

        Raises:
            ValueError: if a layer cannot take what the one before gives; the message names it.
            MemoryError: if a layer's parameters do not fit into memory; the message names it.
        """
        output_shape = self.output_shape(input_shape)
        shape = tuple(input_shape)
        for index, layer in enumerate(self.layers):
            try:
                shape = layer.build(shape, rng)
            except MemoryError as error:
                raise MemoryError(f"Layer {index} ({layer.kind}) is too large: {error}") from error
        self.input_shape = tuple(input_shape)
        return output_shape

    def built_for(self) -> Shape:
        """Return the shape of the samples that the model was built for.

        Raises:
            RuntimeError: if it has not been built.
        """
        if self.input_shape is None:
            raise RuntimeError("The model has no parameters yet: call build(input_shape, rng) first.")
        return self.input_shape

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one output, for one sample of this shape.

        Raises:
            ValueError: if a layer cannot take what the one before gives; the message names it.
        """
        shape = sample_shape(input_shape)
        for index, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except ValueError as error:
                raise ValueError(f"Layer {index} ({layer.kind}) does not fit: {error}") from error
        return shape

    @property
    def params(self) -> dict[str, Array]:
        """All parameters under flat names: `0.weight` is the weight of the first layer."""
        return {f"{i}.{name}": p for i, layer in enumerate(self.layers) for name, p in layer.params.items()}

    @property
    def state(self) -> dict[str, Array]:
        """The layers' arrays that have no gradient, under flat names such as `1.mean`."""
        return {f"{i}.{name}": s for i, layer in enumerate(self.layers) for name, s in layer.state.items()}

    @property
    def decays(self) -> set[str]:
        """The flat names of the parameters to which weight decay applies."""
        return {f"{i}.{name}" for i, layer in enumerate(self.layers) for name in layer.decays}

    def assign(self, arrays: dict[str, Array]) -> None:
        """Replace the parameters and the state of these flat names, all of them or none.

        Raises:
            ValueError: if a name or a shape is not the model's.
        """
        owners = self._owners()
        for name, array in arrays.items():
            if name not in owners:
                raise ValueError(f"The model has no array named {name!r}.")
            expected = owners[name][name.partition(".")[2]].shape
            if array.shape != expected:
                raise ValueError(f"{name} has the shape {list(expected)}, received {list(array.shape)}.")
        for name, array in arrays.items():
            owners[name][name.partition(".")[2]] = array

    def _owners(self) -> dict[str, dict[str, Array]]:
        """Return the dict that holds the array of each flat name."""
        return {
            f"{index}.{name}": home
            for index, layer in enumerate(self.layers)
            for home in (layer.params, layer.state)
            for name in home
        }

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, list[Any]]:
        """Send samples through all layers.

        Args:
            x: the samples, `[n, h, w, c]`.
            training: whether to behave as in training.
            rng: where dropout draws from; only needed in training.

        Returns:
            The last layer's output, and every layer's cache.
        """
        caches = []
        for layer in self.layers:
            x, cache = layer.forward_pass(x, training, rng)
            caches.append(cache)
        return x, caches

    def backward_pass(self, dy: Array, caches: list[Any]) -> tuple[Array, Gradients]:
        """Carry a gradient back through all layers, the last one first.

        Args:
            dy: the gradient with respect to the last layer's output.
            caches: what the forward pass returned with that output.

        Returns:
            The gradient with respect to the input, and those of all parameters under flat names.
        """
        return self._back_to(0, dy, caches)

    def parameter_gradients(self, dy: Array, caches: list[Any]) -> Gradients:
        """Return the parameters' gradients as backward_pass does, without the input's.

        Training needs no more, and can stop at the first layer that has parameters.
        """
        first = next((index for index, layer in enumerate(self.layers) if layer.params), None)
        if first is None:
            return {}
        dy, grads = self._back_to(first + 1, dy, caches)
        return grads | self._flat(first, self.layers[first].parameter_gradients(dy, caches[first]))

    def _back_to(self, first: int, dy: Array, caches: list[Any]) -> tuple[Array, Gradients]:
        grads: Gradients = {}
        for index in reversed(range(first, len(self.layers))):
            dy, layer_grads = self.layers[index].backward_pass(dy, caches[index])
            grads |= self._flat(index, layer_grads)
        return dy, grads

    @staticmethod
    def _flat(index: int, arrays: dict[str, Array]) -> dict[str, Array]:
        return {f"{index}.{name}": array for name, array in arrays.items()}

    def activations(self, x: Array) -> list[Array]:
        """Return every layer's output for these samples, from the first layer to the last.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if `x` is not an array of float32 or float64.
            ValueError: if its samples do not fit the model or hold NaN.
        """
        check_samples("x", x, self.built_for())
        found = []
        with one_blas_thread():  # as in `outputs`, for the same bits
            for layer in self.layers:
                x, _ = layer.forward_pass(x)
                found.append(x)
        return found

    @explains_arguments
    def fit(
        self,
        x: Array,
        targets: Targets,
        *,
        epochs: int,
        optimiser: Optimiser,
        loss: Loss = DEFAULT_LOSS,
        batch_size: int = 128,
        micro_batch_size: int = MICRO_BATCH_SIZE,
        validation_data: tuple[Array, Targets] | None = None,
        augmentation: Augmentation | None = None,
        callbacks: Iterable[CallbackLike] = (),
        workers: int | None = None,
        executor: Executor | None = None,
        seed: int = 0,
    ) -> list[Record]:
        """Train the model: in each epoch, one step of the optimiser for each batch of shuffled samples.

        A batch is cut into micro-batches, which workers take forward and backward side by side. Their
        gradients are added in order, so the result is the same, bit for bit, for any number of workers.

        Args:
            x: the samples, `[n, h, w, c]`, float32 or float64.
            targets: labels `[n]`, or rows `[n, classes]`.
            epochs: how often to go through the samples.
            optimiser: how a step follows from the gradients.
            loss: what to make smaller.
            batch_size: the samples of one step; a single sample that is left over joins the step before.
            micro_batch_size: the samples that a worker takes at once; a small number fits into its cache.
            validation_data: samples and targets to evaluate the model on after each epoch.
            augmentation: what changes each sample differently in each epoch, such as RandomAffine.
            callbacks: Callback objects, or functions of the Training that are called after each epoch.
            workers: the number of threads; None takes one for each processor.
            executor: an executor to use instead of new threads.
            seed: the random numbers of shuffling, augmentation and dropout derive from it.

        Returns:
            One record per epoch: epoch, learning_rate, loss, accuracy and, with validation data,
            validation_loss and validation_accuracy.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if an argument has the wrong type.
            ValueError: if data do not fit the model or hold NaN, or an argument is out of range.
            FloatingPointError: if the loss stops being a finite number.
        """
        self._check_data("", x, targets, loss)
        if validation_data is not None:
            if not isinstance(validation_data, tuple) or len(validation_data) != 2:
                raise TypeError(
                    f"fit: validation_data must be a pair (x, targets), received {validation_data!r:.60}."
                )
            self._check_data("validation ", *validation_data, loss)
        training = Training(
            self, optimiser, loss, x, targets, validation_data, epochs, batch_size, micro_batch_size, seed,
            callbacks=list(callbacks), augmentation=augmentation,
        )  # fmt: skip
        with worker_pool(workers, executor) as pool:
            return training.run(pool)

    @explains_arguments
    def outputs(self, x: Array, *, workers: int | None = None, executor: Executor | None = None) -> Array:
        """Return the last layer's output (logits) for any number of samples.

        Args:
            x: the samples, `[n, h, w, c]`.
            workers: the number of threads; None takes one for each processor.
            executor: an executor to use instead of new threads.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if `x` is not an array of float32 or float64.
            ValueError: if its samples do not fit the model or hold NaN.
        """
        check_samples("x", x, self.built_for())
        check_workers(workers, executor)
        if len(x) <= MICRO_BATCH_SIZE and executor is None:  # faster than starting a thread
            return _outputs_of(self, x)
        parts = [x[first : first + MICRO_BATCH_SIZE] for first in range(0, len(x), MICRO_BATCH_SIZE)]
        with worker_pool(workers, executor) as pool:
            return np.concatenate(list(pool.map(_outputs_of, [self] * len(parts), parts)))

    @explains_arguments
    def predict_proba(
        self, x: Array, *, workers: int | None = None, executor: Executor | None = None
    ) -> Array:
        """Return the probability of each class, `[n, classes]`; arguments and errors as in `outputs`."""
        self.classes()
        return self.probabilities(self.outputs(x, workers=workers, executor=executor))

    def probabilities(self, outputs: Array) -> Array:
        """Turn the model's outputs into probabilities: by softmax, unless its last layer is one."""
        return outputs if isinstance(self.layers[-1], Softmax) else Softmax().forward_pass(outputs)[0]

    @explains_arguments
    def predict(self, x: Array, *, workers: int | None = None, executor: Executor | None = None) -> Labels:
        """Return the most probable class of each sample, `[n]`; arguments and errors as in `outputs`."""
        self.classes()
        return labels_of(self.outputs(x, workers=workers, executor=executor))

    @explains_arguments
    def evaluate(
        self,
        x: Array,
        targets: Targets,
        loss: Loss = DEFAULT_LOSS,
        *,
        workers: int | None = None,
        executor: Executor | None = None,
    ) -> dict[str, float]:
        """Return the mean `loss` and the `accuracy` on these samples.

        Args:
            x: the samples, `[n, h, w, c]`.
            targets: labels `[n]`, or rows `[n, classes]`.
            loss: the loss whose mean is returned.
            workers: the number of threads; None takes one for each processor.
            executor: an executor to use instead of new threads.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if samples or targets have the wrong type.
            ValueError: if they do not fit the model or hold NaN.
        """
        check_object("evaluate: loss must be a Loss such as MeanSquaredError()", loss, Loss)
        self._check_data("", x, targets, loss)
        outputs = self.outputs(x, workers=workers, executor=executor)
        mean_loss, _ = loss(outputs, targets)
        return {"loss": mean_loss, "accuracy": accuracy(labels_of(targets), labels_of(outputs))}

    def classes(self) -> int:
        """Return the number of classes: the length of the output for one sample.

        Raises:
            RuntimeError: if the model has not been built.
            ValueError: if the output is not a row of two or more numbers.
        """
        output_shape = self.output_shape(self.built_for())
        if len(output_shape) != 1 or output_shape[0] < 2:
            raise ValueError(
                f"A classifier must give one number for each of two or more classes, this model gives "
                f"{output_shape}: end it with Flatten or GlobalAveragePool2D and Dense(classes)."
            )
        return output_shape[0]

    def _check_data(self, which: str, x: Array, targets: Targets, loss: Loss) -> None:
        classes = self.classes()
        check_samples(f"{which}x", x, self.built_for())
        check_targets(f"{which}targets", targets, len(x), classes)
        if isinstance(loss, SoftmaxCrossEntropy) and isinstance(self.layers[-1], Softmax):
            raise ValueError(
                "SoftmaxCrossEntropy applies the softmax itself, received a model that ends with Softmax: "
                "leave out its last layer."
            )

    def summary(self) -> str:
        """Return a table: layer, output shape, parameters, multiply-adds, receptive field.

        Raises:
            RuntimeError: if the model has not been built.

        Example:
            >>> from cnn import Dense, Flatten
            >>> model = Sequential([Flatten(), Dense(10)])
            >>> shape = model.build((28, 28, 1), np.random.default_rng(0))
            >>> print(model.summary())
            layer    output  parameters  multiply-adds  receptive field
            Flatten     784           0              0              1×1
            Dense        10       7,850          7,840            28×28
            total                 7,850          7,840
        """
        return summary(self.layers, self.built_for())

    def to_config(self) -> dict[str, Any]:
        """Return the layers, and the loss if it is not the default, as plain data, as in a YAML file.

        Raises:
            TypeError: if a hyperparameter of a layer or of the loss is not plain data.

        Example:
            >>> from cnn import Dropout
            >>> Sequential([Dropout(0.25)]).to_config()
            {'layers': [{'layer': 'Dropout', 'rate': 0.25}]}
        """
        config = {"layers": plain("", self.layers)}
        try:
            loss = plain("", self.loss)
        except TypeError as error:
            advice = "set model.loss = SoftmaxCrossEntropy() to leave the loss out"
            raise TypeError(f"{str(error).rstrip('.')}; or {advice}.") from error
        return config if loss == plain("", SoftmaxCrossEntropy()) else config | {"loss": loss}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom: Iterable[object] = ()) -> Sequential:
        """Make a model from what `to_config` returns; it is not built yet.

        Args:
            config: the plain data.
            custom: the classes and functions in it that are not the library's.

        Raises:
            TypeError: if a hyperparameter has the wrong type, or `custom` holds no class or function.
            ValueError: if a layer or one of its hyperparameters is unknown, missing or out of range.
        """
        layers = config.get("layers") if isinstance(config, dict) else None
        if not isinstance(layers, list):
            raise ValueError(f'A model is expected as {{"layers": […]}}, received {config!r}.')
        own = by_name(custom, KINDS)
        model = cls(from_config(layer, "layer", KINDS, own) for layer in layers)
        if "loss" in config:
            model.loss = from_config(config["loss"], "loss", KINDS, own)
        return model

    def save(self, path: str | Path) -> None:
        """Write the model to an `.npz` file: the layers as JSON, the arrays under flat names.

        Layers, losses and initialisers of your own stand in the file by name; their code does not. What
        `load` could not load again is refused.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if a hyperparameter of a layer or of the loss is not plain data.
            ValueError: if the file could not be loaded again.
            OSError: if the file cannot be written; a file that was there stays as it was.

        Warns:
            UserWarning: if the file needs code that is not the library's; it says how to load the file.
        """
        input_shape, config = self.built_for(), self.to_config()
        own = own_parts([*self.layers, self.loss], KINDS)
        if own:
            self._check_comes_back(config, own.values())
            config |= {"custom": list(own)}
        header = {"input_shape": list(input_shape), **config}
        write_arrays(Path(path), "cnn model", header, self.params | self.state)
        warn_to_keep("Sequential", path, own)

    def _check_comes_back(self, config: dict[str, Any], custom: Iterable[object]) -> None:
        """Make the model from its plain data and arrays, as `load` will: foreign layers may fail."""
        try:
            again = self.from_config(config, custom)
            again._build_with(self.built_for(), self.params | self.state)
        except Exception as error:
            raise ValueError(f"The model would not come back from its file: {reason(error)}") from error

    @classmethod
    def load(cls, path: str | Path, custom: Iterable[object] = ()) -> Sequential:
        """Read a model that `save` wrote.

        Args:
            path: the file.
            custom: the classes and functions in it that are not the library's, such as
                `[Swish, my_initialiser, MyLoss]`.

        Raises:
            FileNotFoundError: if there is no such file.
            TypeError: if `custom` holds something else.
            ValueError: if it is not a model, or a damaged one, or `custom` lacks something.
        """
        path = Path(path)
        header, arrays = read_arrays(path, "cnn model")
        own = given_objects("Sequential", path, header, custom, KINDS)
        try:
            model = cls.from_config(header, own.values())
            model._build_with(sample_shape(header["input_shape"]), arrays)
        except Exception as error:  # a header from elsewhere may hold anything
            raise ValueError(f"{path} does not hold a model that fits together: {reason(error)}") from error
        return model

    def _build_with(self, input_shape: Shape, arrays: dict[str, Array]) -> None:
        """Build the model with these arrays; their shapes are checked before memory is taken."""
        self.output_shape(input_shape)  # raises an error that names the layer which does not fit
        shape = input_shape
        for index, layer in enumerate(self.layers):
            for name, needed in layer.parameter_shapes(shape).items():
                self._check_held(index, name, needed, arrays)
            shape = layer.output_shape(shape)
        self.build(input_shape, np.random.default_rng(0))
        for index, layer in enumerate(self.layers):
            for name, array in layer.state.items():
                self._check_held(index, name, array.shape, arrays)
        self.assign(arrays)

    def _check_held(self, index: int, name: str, needed: Shape, arrays: dict[str, Array]) -> None:
        held = arrays.get(f"{index}.{name}")
        if held is None or held.shape != needed:
            raise ValueError(
                f"layer {index} ({self.layers[index].kind}) needs an array {index}.{name} of the shape "
                f"{list(needed)}, the file has {'none' if held is None else list(held.shape)}."
            )


def _outputs_of(model: Sequential, x: Array) -> Array:
    """Return the outputs of one part of the samples, in any thread or process."""
    keep_freed_memory()
    with one_blas_thread():
        return model.forward_pass(x)[0]
