"""The sequential model: layers in a row."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike

from cnn.augmentation import Augmentation
from cnn.callbacks import ProgressBar, someone_watches
from cnn.checks import (
    FLOATS,
    as_samples,
    check_samples,
    random_generator,
    sample_shape,
)
from cnn.config import Kinds, constructor_parameters, from_config, plain
from cnn.contract import (
    attributes,
    check_built,
    check_gradients,
    check_passes,
    dx_and_gradients,
    has_shorter_way,
    output_and_cache,
)
from cnn.custom import check_custom, given_objects, made_again, own_parts, warn_to_keep
from cnn.description import description
from cnn.habits import Explains, check_object, explains_arguments, in_brief
from cnn.history import History
from cnn.initialisers import INITIALISERS
from cnn.labels import as_targets, labels_of, tells_classes
from cnn.layers import LAYERS, Layer, Softmax
from cnn.layers.base import check_started
from cnn.losses import LOSSES, Loss, SoftmaxCrossEntropy, loss_and_gradient
from cnn.metrics import accuracy
from cnn.optimisers import Adam, Optimiser
from cnn.parallel import check_workers, keep_freed_memory, one_blas_thread, worker_pool
from cnn.storage import of_class, read_arrays, reason, write_arrays
from cnn.summary import summary
from cnn.tables import Table
from cnn.training import MICRO_BATCH_SIZE, CallbackLike, Training, first_overflow
from cnn.types import Array, Gradients, Labels, Shape, Targets

KINDS: Kinds = {"layer": LAYERS, "loss": LOSSES, "function": INITIALISERS}
"""What a model's file may name without `custom`."""


class Sequential(Explains):
    """A model made of layers in a row, each of which takes the output of the one before.

    `model(x)` gives its outputs, `len(model)` the number of layers, `model[0]` the first of them, and
    `model[:-1]` a model of all but the last. A model made of another one's layers shares them: training the
    part changes the whole. To keep the whole as it is, take the layers of `copy.deepcopy(model)`.

    Args:
        layers: the layers, from input to output; a classifier's last one gives a number (logit) for each
            class.

    Attributes:
        layers: the layers.
        input_shape: one sample's shape, `(h, w, c)`, once the model is built.
        loss: the loss that `evaluate` and the next `fit` use unless told otherwise: the one of the last
            `fit`, or SoftmaxCrossEntropy.
        classifies: whether the outputs tell classes; False after a `fit` whose targets were numbers.
        history: the history of the last `fit`, even if it failed or was interrupted.
        metadata: what else belongs to the model, such as the names of its classes: plain data, which `save`
            writes and `load` reads.

    Raises:
        TypeError: if one of the layers is not a Layer, or its constructor does not call that of Layer.
        ValueError: if there is none, or the same layer is given twice.

    Example:
        >>> from cnn import Dense, Flatten, ReLU
        >>> labels = np.arange(400) % 2
        >>> images = np.random.default_rng(0).random((400, 4, 4, 1)) + labels[:, None, None, None]
        >>> model = Sequential([Flatten(), Dense(64), ReLU(), Dense(2)])
        >>> history = model.fit(images, labels, epochs=40)
        >>> history[-1]["accuracy"]
        1.0
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("forward", "call"):
            if name in vars(cls) and cls.forward_pass is Sequential.forward_pass:
                raise TypeError(
                    f"{cls.__name__} has a method {name}, which fit and predict never call: write "
                    "forward_pass(self, x, training=False, rng=None) and backward_pass(self, dy, caches), or "
                    "a layer of your own."
                )
        if "backward_pass" in vars(cls) and "parameter_gradients" not in vars(cls):
            cls.parameter_gradients = _by_backward_pass  # type: ignore[assignment, method-assign]

    def __init__(self, layers: Iterable[Layer] = ()) -> None:
        if isinstance(layers, Layer):
            raise TypeError(f"Sequential expects a list of layers, received {layers!r}: put it into [ ].")
        self.layers: Sequence[Layer] = list(layers)
        self.input_shape: Shape | None = None
        self.loss: Loss = SoftmaxCrossEntropy()
        self.classifies = True
        self.history = History()
        self.metadata: dict[str, Any] = {}
        if not self.layers:
            raise ValueError(
                "Sequential needs at least one layer, received none: give it all layers at once, "
                "as in Sequential([Dense(8), ReLU(), Dense(2)])."
            )
        for layer in self.layers:
            if isinstance(layer, Sequential):
                raise TypeError(
                    "Sequential expects layers, received a model: put its layers into the row by a star, as "
                    "in Sequential([*inner, Dense(3)])."
                )
            check_object("Sequential expects layers such as Dense(10)", layer, Layer)
            check_started(layer)
            check_passes(type(layer))
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError("Sequential needs different layer objects, received one of them twice.")

    if not TYPE_CHECKING:  # a type checker refuses such attributes itself

        def __setattr__(self, name: str, value: Any) -> None:
            if name in ("params", "state") and type(self) is Sequential:
                raise AttributeError(_instead_of_writing(name))
            others = isinstance(value, Layer) and all(value is not layer for layer in self.layers)
            if others and type(self) is Sequential:
                raise AttributeError(
                    f"A model has its layers in a row, and would not use one in its attribute {name}: make a "
                    "new Sequential of all layers, or replace one of them by model.layers[-1] = …."
                )
            super().__setattr__(name, value)

    def __repr__(self) -> str:
        return f"Sequential([{', '.join(map(repr, self.layers))}])"

    def _repr_html_(self) -> str | None:
        """Return the summary as a notebook shows it; None, if the model is not built, shows the repr."""
        try:
            return self.summary()._repr_html_()
        except RuntimeError:
            return None

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @overload
    def __getitem__(self, index: int) -> Layer: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Layer | Sequential:
        if not isinstance(index, slice):
            return self.layers[index]
        first, _, step = index.indices(len(self))
        if step != 1:
            raise ValueError(f"A part of a model must be neighbouring layers, received the step {step}.")
        part = Sequential(self.layers[index])
        if self.input_shape is not None:
            part.input_shape = self[:first].output_shape(self.input_shape) if first else self.input_shape
        part.classifies = self.classifies
        return part

    def __call__(self, x: ArrayLike) -> Array:
        """Return the last layer's output for any number of samples, as `outputs` does."""
        return self.outputs(x)

    @explains_arguments
    def build(self, input_shape: Shape, rng: np.random.Generator | int = 0) -> Shape:
        """Create the parameters that are missing, for samples of this shape; `fit` does so by itself.

        A layer that has parameters keeps them, also if it got them in another model. For new random weights,
        make new layers.

        Args:
            input_shape: one sample's shape, without n: `(h, w, c)`.
            rng: where random weights come from: a generator, or the seed of a new one.

        Returns:
            The shape of one output.

        Raises:
            TypeError: if `rng` is neither a generator nor a whole number.
            ValueError: if a layer cannot take what the one before gives, or has parameters for other samples;
                the message names it.
            MemoryError: if a layer's parameters do not fit into memory; the message names it.
        """
        rng, input_shape = random_generator("build", rng), sample_shape(input_shape)
        shapes = [input_shape, *self._output_shapes(input_shape)]
        missing = [self._lacks_arrays(index, shape) for index, shape in enumerate(shapes[:-1])]
        for index, layer in enumerate(self.layers):
            if missing[index]:
                before = attributes(layer)
                try:
                    returned = layer.build(shapes[index], rng)
                except MemoryError as error:
                    raise MemoryError(f"Layer {index} ({layer.kind}) is too large: {error}") from error
                if returned != shapes[index + 1]:
                    raise TypeError(
                        f"Layer {index} ({layer.kind}): build must return the shape of one output, as "
                        f"output_shape does, {shapes[index + 1]}, received {returned!r}."
                    )
                check_built(layer, before)
                if isinstance(layer.params, _ReadOnly):  # those of a model inside the layer
                    layer.params = dict(layer.params)
                layer.built_for = shapes[index]
        self.input_shape = input_shape
        return shapes[-1]

    def _lacks_arrays(self, index: int, shape: Shape) -> bool:
        """Tell whether a layer must be built; one that need not must have parameters for this shape."""
        layer = self.layers[index]
        needed = layer.parameter_shapes(shape)
        if not needed:  # a layer of a user's own need not tell the shapes of its parameters
            return layer.built_for is None
        if not needed.keys() <= layer.params.keys():
            return True
        for name, expected in needed.items():
            held = np.shape(layer.params[name])
            if held != expected:
                raise ValueError(
                    f"Layer {index} ({layer.kind}) was built for another input: its {name} has the shape "
                    f"{list(held)}, an input of {shape} needs {list(expected)}; a new {layer.kind} in its "
                    "place starts anew."
                )
        return False

    def built_for(self) -> Shape:
        """Return the shape of the samples that the model was built for.

        Raises:
            RuntimeError: if it has not been built, or a layer has been replaced by one that has not.
        """
        if self.input_shape is None or self._lacks_parameters(self.input_shape):
            raise RuntimeError("The model has not been built: call fit, or build(input_shape), first.")
        return self.input_shape

    def _lacks_parameters(self, input_shape: Shape) -> bool:
        """Tell whether a layer lacks one of those that its `parameter_shapes` tells."""
        shapes = [input_shape, *self._output_shapes(input_shape)[:-1]]
        return any(
            self._lacks_arrays(index, shape)
            for index, shape in enumerate(shapes)
            if self.layers[index].parameter_shapes(shape)
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one output, for one sample of this shape.

        Raises:
            ValueError: if a layer cannot take what the one before gives; the message names it.
        """
        return self._output_shapes(sample_shape(input_shape))[-1]

    def _output_shapes(self, shape: Shape) -> list[Shape]:
        """Return the shape of each layer's output, for one sample of this shape."""
        shapes = []
        for index, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except ValueError as error:
                raise ValueError(f"Layer {index} ({layer.kind}) does not fit: {error}") from error
            shapes.append(shape)
        return shapes

    @property
    def params(self) -> dict[str, Array]:
        """All parameters under flat names: `0.weight` is the weight of the first layer; read-only."""
        of_layers = enumerate(self.layers)
        return _ReadOnly(
            "params", {f"{i}.{name}": p for i, one in of_layers for name, p in one.params.items()}
        )

    @property
    def state(self) -> dict[str, Array]:
        """The layers' arrays that have no gradient, under flat names such as `1.mean`; read-only."""
        of_layers = enumerate(self.layers)
        return _ReadOnly("state", {f"{i}.{name}": s for i, one in of_layers for name, s in one.state.items()})

    @property
    def decays(self) -> set[str]:
        """The flat names of the parameters to which weight decay applies."""
        return {f"{i}.{name}" for i, layer in enumerate(self.layers) for name in layer.decays}

    def assign(self, arrays: Mapping[str, ArrayLike]) -> None:
        """Replace the parameters and the state of these flat names by copies, all of them or none.

        Raises:
            TypeError: if an array does not consist of numbers.
            ValueError: if a name or a shape is not the model's, or a number is not finite.
        """
        if not isinstance(arrays, Mapping):
            raise TypeError(f"assign expects a dict of arrays under flat names, received {in_brief(arrays)}.")
        owners, copies = self._owners(), {name: _owned(name, array) for name, array in arrays.items()}
        for name, array in copies.items():
            if name not in owners:
                unbuilt = "" if owners else ", since it has not been built: call build(input_shape) first"
                raise ValueError(f"The model has no array named {name!r}{unbuilt}.")
            expected = owners[name][name.partition(".")[2]].shape
            if array.shape != expected:
                raise ValueError(f"{name} has the shape {list(expected)}, received {list(array.shape)}.")
        for name, array in copies.items():
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
        self, x: Array, training: bool = False, rng: np.random.Generator | int | None = None
    ) -> tuple[Array, list[Any]]:
        """Send samples through all layers.

        Args:
            x: the samples, `[n, h, w, c]`.
            training: whether to behave as in training.
            rng: where dropout draws from, a generator or a seed; only needed in training.

        Returns:
            The last layer's output, and every layer's cache.
        """
        rng = None if rng is None else random_generator("forward_pass", rng)
        caches = []
        for layer in self.layers:
            x, cache = output_and_cache(layer, layer.forward_pass(x, training, rng))
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
        if self.input_shape is not None:
            expected = self.output_shape(self.input_shape)
            if np.ndim(dy) != len(expected) + 1 or np.shape(dy)[-1] != expected[-1]:
                raise ValueError(
                    f"backward_pass expects dy in the shape of the outputs, {['n', *expected]}, received "
                    f"{list(np.shape(dy))}."
                )
        return self._back_to(0, dy, caches)

    def parameter_gradients(self, dy: Array, caches: list[Any]) -> Gradients:
        """Return the parameters' gradients as backward_pass does, without the input's.

        Training needs no more, and can stop at the first layer that has parameters.
        """
        first = next((index for index, layer in enumerate(self.layers) if layer.params), None)
        if first is None:
            return {}
        if not has_shorter_way(type(self.layers[first])):
            return self._back_to(first, dy, caches)[1]
        dy, grads = self._back_to(first + 1, dy, caches)
        return grads | self._flat(first, self.layers[first].parameter_gradients(dy, caches[first]))

    def _back_to(self, first: int, dy: Array, caches: list[Any]) -> tuple[Array, Gradients]:
        grads: Gradients = {}
        for index in reversed(range(first, len(self.layers))):
            layer = self.layers[index]
            dy, layer_grads = dx_and_gradients(layer, layer.backward_pass(dy, caches[index]))
            grads |= self._flat(index, layer_grads)
        return dy, grads

    def _flat(self, index: int, grads: Gradients) -> Gradients:
        check_gradients(self.layers[index], grads)
        return {f"{index}.{name}": grad for name, grad in grads.items()}

    def activations(self, x: ArrayLike) -> list[Array]:
        """Return every layer's output for these samples, from the first layer to the last.

        Args:
            x: the samples, as in `fit`.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if the samples have another type.
            ValueError: if they do not fit the model or hold NaN.
        """
        y, found = self._samples_to_use(x), []
        with one_blas_thread(), np.errstate(under="ignore"):  # as in `outputs`, for the same bits
            for layer in self.layers:
                y, _ = layer.forward_pass(y)
                found.append(y)
        return found

    @explains_arguments
    def fit(
        self,
        x: ArrayLike,
        targets: ArrayLike,
        *,
        epochs: int = 10,
        optimiser: Optimiser | None = None,
        loss: Loss | None = None,
        batch_size: int = 32,
        micro_batch_size: int = MICRO_BATCH_SIZE,
        validation_data: tuple[ArrayLike, ArrayLike] | None = None,
        augmentation: Augmentation | None = None,
        callbacks: Iterable[CallbackLike] | None = None,
        progress: bool | None = None,
        workers: int | None = None,
        executor: Executor | None = None,
        seed: int = 0,
    ) -> History:
        """Train the model: in each epoch, one step of the optimiser for each batch of shuffled samples.

        Layers that have no parameters yet are built for these samples; the others go on from those that they
        have. So a new last layer on the trained layers of another model is trained together with them, and a
        second model of the same layer objects trains on where the first one stopped.

        A batch is cut into micro-batches, which workers take forward and backward side by side. Their
        gradients are added in order, so the result is the same, bit for bit, for any number of workers.

        If training fails or is interrupted, the model keeps `history`, and the parameters of the last step
        or, with BestWeights, of the best epoch.

        Args:
            x: the samples, `[n, h, w, c]`: an array of float32 or float64, or lists of floats; bytes (uint8)
                too if the first layer takes them, as Rescale does.
            targets: labels `[n]` for a model that gives one number for each class; otherwise numbers in the
                shape of the outputs, `[n, …]`, with MeanSquaredError or another loss.
            epochs: how often to go through the samples.
            optimiser: how a step follows from the gradients; None takes a new Adam.
            loss: what to make smaller; None takes the model's `loss`.
            batch_size: the samples of one step; a single sample that is left over joins the step before.
                Several workers help only if `batch_size` is larger than `micro_batch_size`.
            micro_batch_size: the samples that a worker takes at once; a small number fits into its cache.
            validation_data: samples and targets to evaluate the model on after each epoch.
            augmentation: what changes each sample differently in each epoch, such as RandomAffine.
            callbacks: Callback objects, or functions of the Training that are called after each epoch.
            progress: whether to show a ProgressBar; None shows it in a terminal and in a notebook.
            workers: the number of threads; None takes one for each processor.
            executor: an executor to use instead of new threads.
            seed: the random numbers of the first parameters, shuffling, augmentation and dropout derive
                from it. Each `fit` draws them anew, so give another seed to each of several calls, as where
                the data come in parts: with the same one all would drop out the same numbers.

        Returns:
            One record per epoch: epoch, learning_rate, loss, accuracy and, with validation data,
            validation_loss and validation_accuracy. Accuracies are recorded if the targets tell classes:
            if they are labels, or rows of probabilities for SoftmaxCrossEntropy.

        Raises:
            TypeError: if an argument has the wrong type, or a layer or loss returns something else than its
                contract says.
            ValueError: if data do not fit the model or hold NaN, an argument is out of range, or a loss of
                your own ignores the batch size.
            FloatingPointError: if the loss stops being a finite number.

        Warns:
            UserWarning: if a model for images is built for samples whose channels seem to come first.
        """
        x = self._samples("x", x, self.input_shape)
        input_shape, loss = x.shape[1:], self.loss if loss is None else loss
        output_shape = self.output_shape(input_shape)
        if self.input_shape is None and self._channels_seem_first(input_shape):
            warnings.warn(
                f"x of the shape {list(x.shape)} is read as [n, h, w, c]: if the channels come first, turn "
                "the images by x.transpose(0, 2, 3, 1).",
                stacklevel=3,  # the line that called `fit`
            )
        targets, classifies = self._targets("targets", targets, len(x), output_shape, loss)
        if validation_data is not None:
            if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
                raise TypeError(
                    f"fit: validation_data must be a pair (x, targets), received {in_brief(validation_data)}."
                )
            validation_x = self._samples("validation x", validation_data[0], input_shape)
            validation_targets, also = self._targets(
                "validation targets", validation_data[1], len(validation_x), output_shape, loss
            )
            if also != classifies:
                raise ValueError("fit: targets and validation targets must both be labels, or both rows.")
            validation_data = validation_x, validation_targets
        callbacks = () if callbacks is None else callbacks
        if not isinstance(callbacks, Iterable):
            raise TypeError(
                f"fit: callbacks must be a list of callbacks, received {callbacks!r}: put it into [ ]."
            )
        callbacks = list(callbacks)
        if progress is None:
            progress = someone_watches()
        if progress and not any(isinstance(callback, ProgressBar) for callback in callbacks):
            callbacks.insert(0, ProgressBar())
        training = Training(
            self, Adam() if optimiser is None else optimiser, loss, x, targets, validation_data, epochs,
            batch_size, micro_batch_size, seed, callbacks, augmentation, classifies,
        )  # fmt: skip
        with worker_pool(workers, executor) as pool, np.errstate(under="ignore"):  # tiny numbers become 0
            self.build(input_shape, training.seed)
            before = self.loss, self.classifies, self.history
            self.loss, self.classifies, self.history = loss, classifies, training.history
            try:
                return training.run(pool)
            finally:
                if not (training.epoch or training.step):  # not one step was taken
                    self.loss, self.classifies, self.history = before

    def _channels_seem_first(self, shape: Shape) -> bool:
        """Tell whether samples seem to be `(c, h, w)`, and the first layer with a window slides it."""
        if len(shape) != 3 or shape[0] not in (1, 3) or min(shape[1:]) <= 4:
            return False
        windows = (layer.receptive_window(shape) for layer in self.layers)
        return next((window for window in windows if window != ((1, 1), (1, 1))), None) is not None

    def for_workers(self) -> Sequential:
        """Return the model with the same layers but without loss and history, which no pass needs.

        A worker in another process gets a copy of the model with each micro-batch.
        """
        light = copy(self)
        light.loss, light.history = SoftmaxCrossEntropy(), History()
        return light

    @explains_arguments
    def outputs(self, x: ArrayLike, *, workers: int | None = None, executor: Executor | None = None) -> Array:
        """Return the last layer's output (logits) for any number of samples.

        Args:
            x: the samples, as in `fit`.
            workers: the number of threads; None takes one for each processor.
            executor: an executor to use instead of new threads.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if the samples have another type.
            ValueError: if they do not fit the model or hold NaN.
        """
        return self._outputs(self._samples_to_use(x), workers, executor)

    def _outputs(self, x: Array, workers: int | None, executor: Executor | None) -> Array:
        check_workers(workers, executor)
        if len(x) <= MICRO_BATCH_SIZE and executor is None:  # faster than starting a thread
            return _outputs_of(self, x)
        parts = [x[first : first + MICRO_BATCH_SIZE] for first in range(0, len(x), MICRO_BATCH_SIZE)]
        with worker_pool(workers, executor) as pool:
            return np.concatenate(list(pool.map(_outputs_of, [self.for_workers()] * len(parts), parts)))

    def _outputs_for_classes(self, x: ArrayLike, workers: int | None, executor: Executor | None) -> Array:
        samples = self._samples_to_use(x)
        self.classes()
        return self._finite_outputs(samples, workers, executor)

    def _finite_outputs(self, x: Array, workers: int | None, executor: Executor | None) -> Array:
        """Return the outputs, unless they are no numbers to choose a class or compute a loss by."""
        outputs = self._outputs(x, workers, executor)
        finite = np.isfinite(outputs)
        if not finite.all():
            sample = int(finite.reshape(len(x), -1).all(axis=1).argmin())
            index = first_overflow(self, x[sample : sample + 1])
            raise FloatingPointError(
                f"The model gives {outputs[sample][~finite[sample]][0]} for sample {sample}, since numbers "
                f"stop being finite in layer {index} ({self.layers[index].kind}), as after a training that "
                "diverged: train a new model, with a lower learning rate."
            )
        return outputs

    @explains_arguments
    def predict_proba(
        self, x: ArrayLike, *, workers: int | None = None, executor: Executor | None = None
    ) -> Array:
        """Return the probability of each class, `[n, classes]`.

        Arguments and errors are those of `outputs` and `classes`; a FloatingPointError if an output is not
        finite.
        """
        return self.probabilities(self._outputs_for_classes(x, workers, executor))

    @np.errstate(under="ignore")  # tiny numbers become 0
    def probabilities(self, outputs: Array) -> Array:
        """Turn the model's outputs into probabilities: by softmax, unless its last layer is one."""
        return outputs if isinstance(self.layers[-1], Softmax) else Softmax().forward_pass(outputs)[0]

    @explains_arguments
    def predict(
        self, x: ArrayLike, *, workers: int | None = None, executor: Executor | None = None
    ) -> Labels:
        """Return the number of the most probable class of each sample, `[n]`, so no argmax is needed.

        Arguments and errors are those of `predict_proba`. A model for regression does not predict classes:
        `model(x)` gives its numbers, `[n, 1]` if there is one a sample, and `model(x)[:, 0]` the row of them.
        """
        return labels_of(self._outputs_for_classes(x, workers, executor))

    @explains_arguments
    @np.errstate(under="ignore")  # tiny numbers become 0
    def evaluate(
        self,
        x: ArrayLike,
        targets: ArrayLike,
        loss: Loss | None = None,
        *,
        workers: int | None = None,
        executor: Executor | None = None,
    ) -> dict[str, float]:
        """Return the mean `loss` and, if the targets tell classes, the `accuracy` on these samples.

        Args:
            x: the samples, as in `fit`.
            targets: as in `fit`.
            loss: the loss whose mean is returned; None takes the model's `loss`.
            workers: the number of threads; None takes one for each processor.
            executor: an executor to use instead of new threads.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if samples or targets have the wrong type.
            ValueError: if they do not fit the model or hold NaN.
            FloatingPointError: if an output is not a finite number.
        """
        x, loss = self._samples_to_use(x), self.loss if loss is None else loss
        output_shape = self.output_shape(self.built_for())
        targets, classifies = self._targets("targets", targets, len(x), output_shape, loss)
        outputs = self._finite_outputs(x, workers, executor)
        found = {"loss": loss_and_gradient(loss, outputs, targets)[0]}
        return found | {"accuracy": accuracy(labels_of(targets), labels_of(outputs))} if classifies else found

    def classes(self) -> int:
        """Return the number of classes: the length of the output for one sample.

        Raises:
            RuntimeError: if the model has not been built.
            ValueError: if the output is not a row of two or more numbers, or the model was trained with
                numbers as targets.
        """
        output_shape = self.output_shape(self.built_for())
        if not self.classifies:
            raise ValueError(
                "The model was trained with numbers as targets and tells no classes: call "
                f"model(x){'[:, 0]' * (output_shape == (1,))} for its outputs, or train it with labels [n]."
            )
        if not tells_classes(output_shape):
            raise ValueError(
                f"A classifier must give one number for each of two or more classes, this model gives "
                f"{output_shape}: call model(x){'[:, 0]' * (output_shape == (1,))} for its outputs."
            )
        return output_shape[0]

    def _samples_to_use(self, x: ArrayLike) -> Array:
        """Return samples for a model that is built; one whose layers all are is so with its first samples."""
        if self.input_shape is None:
            samples = self._samples("x", x, None)
            if not self._lacks_parameters(samples.shape[1:]):
                self.input_shape = samples.shape[1:]
        return self._samples("x", x, self.built_for())

    def _samples(self, name: str, x: ArrayLike, input_shape: Shape | None) -> Array:
        """Return samples as the array that the layers take; the shape None allows any."""
        samples = as_samples(name, x, self.layers[0].takes_bytes)
        check_samples(name, samples, input_shape)
        return samples

    def _targets(
        self, name: str, targets: ArrayLike, n: int, output_shape: Shape, loss: Loss
    ) -> tuple[Targets, bool]:
        """Return targets as labels or rows, and whether they tell classes.

        Labels do, and so do rows for SoftmaxCrossEntropy. Other rows are numbers to come close to.
        """
        check_object("loss must be a Loss such as MeanSquaredError()", loss, Loss)
        of_probabilities = isinstance(loss, SoftmaxCrossEntropy)
        if of_probabilities and isinstance(self.layers[-1], Softmax):
            raise ValueError(
                "SoftmaxCrossEntropy applies the softmax itself, received a model that ends with Softmax: "
                "leave out its last layer."
            )
        if of_probabilities and not tells_classes(output_shape):
            raise ValueError(
                f"SoftmaxCrossEntropy needs one number for each of two or more classes, this model gives "
                f"{output_shape}: end it with Flatten or GlobalAveragePool2D and Dense(classes), or choose "
                "another loss, such as MeanSquaredError()."
            )
        found = as_targets(name, targets, n, output_shape)
        return found, of_probabilities or found.shape != (n, *output_shape)

    def summary(self) -> Table:
        """Return a table: layer, output shape, parameters, multiply-adds, receptive field.

        Raises:
            RuntimeError: if the model has not been built.

        Example:
            >>> from cnn import Dense, Flatten
            >>> model = Sequential([Flatten(), Dense(10)])
            >>> shape = model.build((28, 28, 1))
            >>> model.summary()
            layer    output  parameters  multiply-adds  receptive field
            Flatten     784           0              0              1×1
            Dense        10       7,850          7,840            28×28
            total                 7,850          7,840
        """
        return summary(self.layers, self.built_for())

    def to_config(self) -> dict[str, Any]:
        """Return the layers as plain data, as in a YAML file, and the loss if it is not the default.

        The entry `classifies` is there only where it is False.

        Raises:
            TypeError: if a hyperparameter of a layer or of the loss is not plain data.
            ValueError: if two classes have one name, or one is named like something of the library.

        Example:
            >>> from cnn import Dropout
            >>> Sequential([Dropout(0.25)]).to_config()
            {'layers': [{'layer': 'Dropout', 'rate': 0.25}]}
        """
        own_parts([*self.layers, self.loss], KINDS)
        config = {"layers": plain("", self.layers)} | ({} if self.classifies else {"classifies": False})
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
        own = check_custom(custom, KINDS)
        model = cls(from_config(layer, "layer", KINDS, own) for layer in layers)
        if "loss" in config:
            model.loss = from_config(config["loss"], "loss", KINDS, own)
        model.classifies = config.get("classifies", True)
        if not isinstance(model.classifies, bool):
            raise TypeError(f"classifies must be True or False, received {model.classifies!r}.")
        return model

    def save(self, path: str | Path) -> None:
        """Write the model to an `.npz` file: the layers as JSON, the arrays under flat names.

        Layers, losses and initialisers of your own stand in the file by name; their code does not. What
        `load` could not load again is refused.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if a hyperparameter of a layer or of the loss, or the metadata, is not plain data.
            ValueError: if the file could not be loaded again.
            OSError: if the file cannot be written; a file that was there stays as it was.

        Warns:
            UserWarning: if the file needs code that is not the library's; it says how to load the file.
        """
        input_shape, config = self.built_for(), self.to_config()
        own = own_parts([*self.layers, self.loss], KINDS)
        if own:
            self._check_comes_back(config, own)
            config |= {"custom": list(own)}
        header = {"input_shape": list(input_shape), **config}
        if self.metadata:
            header["metadata"] = plain("model.metadata", self.metadata)
        if type(self) is not Sequential:  # it may compute something else
            self._check_made_again(config, own)
            header["class"] = type(self).__name__
        write_arrays(Path(path), "cnn model", header, self.params | self.state)
        warn_to_keep(type(self).__name__, path, own)

    def _check_comes_back(self, config: dict[str, Any], own: Mapping[str, Any]) -> None:
        """Make the model from its plain data and arrays, as `load` will: foreign layers may fail."""
        layers: list[Layer] = [made_again(layer, KINDS, own) for layer in config["layers"]]
        if "loss" in config:
            made_again(config["loss"], KINDS, own)
        try:
            Sequential(layers)._build_with(self.built_for(), self.params | self.state)
        except Exception as error:
            raise ValueError(f"The model would not come back from its file: {reason(error)}") from error

    def _check_made_again(self, config: dict[str, Any], own: Mapping[str, Any]) -> None:
        """Make the model from its plain data, as `load` will: a subclass may have another constructor."""
        kind, arrays = type(self), self.params | self.state
        advice = f"write from_config and to_config for {kind.__name__}"
        try:
            again = kind.from_config(config, own.values())
            again._build_with(self.built_for(), arrays)
        except Exception as error:  # in a constructor that is not ours
            raise ValueError(
                f"{kind.__name__} would not come back by its from_config, which gives the layers to its "
                f"constructor: {advice}."
            ) from error
        for name in constructor_parameters(kind):
            if hasattr(self, name) and description(getattr(self, name)) != description(getattr(again, name)):
                raise ValueError(f"{kind.__name__} would come back with another {name}: {advice}.")
        x = np.random.default_rng(0).random((2, *self.built_for()), np.float32)
        if not np.array_equal(again.forward_pass(x)[0], self.forward_pass(x)[0], equal_nan=True):
            raise ValueError(f"{kind.__name__} would come back with other outputs: {advice}.")

    @of_class
    @classmethod
    @explains_arguments
    def load(cls, path: str | Path, custom: Iterable[object] = ()) -> Sequential:
        """Read a model that `save` wrote.

        Args:
            path: the file.
            custom: the classes and functions in it that are not the library's, such as
                `[Swish, my_initialiser, MyLoss]`.

        Raises:
            FileNotFoundError: if there is no such file.
            TypeError: if `custom` holds something else.
            ValueError: if it is not a model, or a damaged one, or one of a class derived from this one, or if
                `custom` lacks something.
        """
        path = Path(path)
        header, arrays = read_arrays(path, "cnn model")
        saved = header.get("class", cls.__name__)
        if saved != cls.__name__:
            raise ValueError(f"{path} holds a {in_brief(saved)}: load it by the load method of that class.")
        own = given_objects(cls.__name__, path, header, custom, KINDS)
        try:
            model = cls.from_config(header, own.values())
            model._build_with(sample_shape(header["input_shape"]), arrays)
            model.metadata = dict(header.get("metadata", {}))
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


def _owned(name: str, values: ArrayLike) -> Array:
    """Return a copy of an array for a layer to hold, in float32 if it holds no floats of a layer."""
    try:
        array = np.array(values)
    except ValueError as error:  # lists of different lengths
        raise TypeError(f"{name} must be an array, or lists of equal lengths: {error}") from error
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind in "biu" or array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.dtype not in FLOATS:
        raise TypeError(f"{name} must be float32 or float64, received {array.dtype}.")
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} must hold finite numbers, received {array[~np.isfinite(array)][0]} among them: if an "
            "optimiser gave them, training has diverged; try a lower learning rate, a warm-up or clip_norm."
        )
    return array


def _instead_of_writing(what: str) -> str:
    return (
        f"model.{what} cannot be written to: give the model new arrays by model.assign({{name: array}}), or "
        f"change a copy, dict(model.{what})."
    )


class _ReadOnly(dict[str, Array]):
    """A model's arrays under flat names, put together each time: to write into it would do nothing."""

    __slots__ = ("_what",)

    def __init__(self, what: str, arrays: dict[str, Array]) -> None:
        super().__init__(arrays)
        self._what = what

    def __reduce__(self) -> tuple[type, tuple[dict[str, Array]]]:
        return dict, (dict(self),)

    if not TYPE_CHECKING:

        def _refuse(self, *_: object, **__: object) -> None:
            raise TypeError(_instead_of_writing(self._what))

        __setitem__ = __delitem__ = update = setdefault = pop = popitem = clear = _refuse

        def __ior__(self, others: dict[str, Array]) -> dict[str, Array]:
            return self | others


def _by_backward_pass(model: Sequential, dy: Array, caches: list[Any]) -> Gradients:
    """Return the parameters' gradients of a model with a backward pass of its own."""
    return model.backward_pass(dy, caches)[1]


def _outputs_of(model: Sequential, x: Array) -> Array:
    """Return the outputs of one part of the samples, in any thread or process."""
    keep_freed_memory()
    with one_blas_thread(), np.errstate(under="ignore"):  # tiny numbers become 0
        return model.forward_pass(x)[0]
