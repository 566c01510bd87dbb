"""Names of Keras, PyTorch and scikit-learn, and what to write here instead: the tables behind `cnn.habits`.

They hold what people type; a name that they do not hold is answered with the most similar one.
"""

SYNONYMS = {
    # arguments
    "alpha": "slope decay",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "criterion": "loss",
    "custom_objects": "custom",
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
    "mse": "MeanSquaredError",
    "mseloss": "MeanSquaredError",
    "multisteplr": "StepDecay",
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

_SEE_COMING_FROM = "as the page “Coming from Keras, PyTorch or scikit-learn” shows"
_SEE_YOUR_OWN = "as the page “Layers and other parts of your own” shows"

_ACTIVATION = "put an activation after it as a layer of its own, such as ReLU()"
_ANY_NUMBER = "any number of samples is taken; leave it out"
_CHANNELS_FOLLOW = "the channels follow from the samples; leave it out"
_PARAMS = "fit gives it the model's parameters; leave them out"
_PROGRESS = "it follows the progress of the training, however long that is; leave it out"
_SHAPE_FOLLOWS = "the shape follows from the samples, or from build(input_shape) on the model"
_STEPS = "an epoch goes through all samples once; leave it out"
_TO_OPTIMISER = "give it to the optimiser, as in optimiser=Adam(learning_rate=0.001)"
_WEIGHT_DECAY = "write weight_decay=… on the optimiser"
_WEIGHTED = f"write the loss Weighted, {_SEE_COMING_FROM}"

_LAST_AXIS = "it works along the last axis; leave it out"
_BIASES = {
    "bias": "it always has biases, which start at 0",
    "bias_initializer": "the biases start at 0",
    "use_bias": "it always has biases, which start at 0",
}
_EARLY_STOPPING = "write validation_data=(x, targets), callbacks=[EarlyStopping(patience=3), BestWeights()]"
_NO_DEVICE = "cnn computes on the processor; leave it out"
_OF_FIT = {
    "alpha": "write weight_decay=… on the optimiser, as in optimiser=AdamW(weight_decay=0.01)",
    "batch_norm": "put BatchNorm() between the layers",
    "early_stopping": _EARLY_STOPPING,
    "learning_rate": _TO_OPTIMISER,
    "learning_rate_init": _TO_OPTIMISER,
    "lr": _TO_OPTIMISER,
    "momentum": "give it to the optimiser, as in optimiser=SGD(momentum=0.9)",
    "n_iter_no_change": _EARLY_STOPPING,
    "solver": "give fit the optimiser itself, as in optimiser=Adam()",
    "tol": _EARLY_STOPPING,
    "warm_start": "a second fit always goes on with the parameters as they are; leave it out",
    "weight_decay": "give it to the optimiser, as in optimiser=AdamW(weight_decay=0.01)",
}
_OF_MONITOR = {
    "min_delta": "any improvement counts; leave it out",
    "mode": "what ends with loss, error, mae or mse should be low, anything else high; leave it out",
}
_OF_SAMPLES = {"batch_size": _ANY_NUMBER, "verbose": "it prints nothing; leave it out"}

ARGUMENTS = {
    "Sequential": {
        **_OF_FIT,
        "hidden_layer_sizes": "write the layers, as in Sequential([Dense(100), ReLU(), Dense(10)])",
        "input_shape": "the shape follows from the samples, or from build(input_shape)",
        "max_iter": "give fit the epochs, as in fit(x, targets, epochs=20)",
        "n_jobs": "give fit the workers, as in fit(x, targets, workers=2)",
        "name": "a model has no name; leave it out",
        "random_state": "give fit a seed, as in fit(x, targets, seed=0)",
        "seed": "give fit a seed, as in fit(x, targets, seed=0)",
    },
    "Layer": {
        "activation": _ACTIVATION,
        "data_format": "images are [n, h, w, c], with the channels last",
        "device": _NO_DEVICE,
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
        "class_weight": _WEIGHTED,
        "pos_weight": _WEIGHTED,
        "reduction": "a loss is the mean over the batch; leave it out",
        "sample_weight": _WEIGHTED,
        "weight": _WEIGHTED,
    },
    "Adam": {"amsgrad": "leave it out", "betas": "write beta_1=0.9, beta_2=0.999"},
    "Optimiser": {
        "batch_size": "give it to fit, as in fit(x, targets, batch_size=64)",
        "clipnorm": "write clip_norm=…",
        "clipvalue": "write clip_norm=…, which shortens all gradients together",
        "decay": (
            "for a rate that falls, as in Keras, give a schedule, as in Adam(CosineDecay(0.01)); for weights "
            "that shrink, write weight_decay=…"
        ),
        "global_clipnorm": "write clip_norm=…",
        "lr_decay": "give a schedule, as in Adam(CosineDecay(0.01))",
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
        **_OF_FIT,
        "class_weight": _WEIGHTED,
        "clip_grad_norm": "write clip_norm=… on the optimiser, as in optimiser=Adam(clip_norm=1.0)",
        "device": _NO_DEVICE,
        "initial_epoch": "fit goes on with the parameters as they are; leave it out",
        "metrics": "the loss is always recorded, and of classes the accuracy; leave it out",
        "sample_weight": _WEIGHTED,
        "scheduler": "give the schedule to the optimiser, as in optimiser=Adam(CosineDecay(0.01))",
        "shuffle": "fit shuffles in every epoch, by its argument seed; leave it out",
        "start_epoch": "fit goes on with the parameters as they are; leave it out",
        "steps_per_epoch": _STEPS,
        "validation_split": "split the data first, and give validation_data=(x, targets)",
        "verbose": "write progress=True or progress=False to show a progress bar or none",
    },
    "evaluate": {**_OF_SAMPLES, "sample_weight": _WEIGHTED},
    "outputs": _OF_SAMPLES,
    "predict": _OF_SAMPLES,
    "predict_proba": _OF_SAMPLES,
}
"""Arguments of other libraries that have no other name here, and what to do instead: under our class, which
stands for those derived from it too, or our method."""

ACTIVATIONS = {
    **dict.fromkeys(("elu", "gelu", "leaky_relu", "relu", "selu", "silu", "swish", "tanh"), _ACTIVATION),
    "linear": "leave it out",
    "None": "leave it out",
    "sigmoid": "put Sigmoid() after it as a layer of its own; to tell two classes, end with Dense(2) alone",
    "softmax": "leave it out, since SoftmaxCrossEntropy applies the softmax itself",
}
"""Values of `activation`, an argument which may come without its name, and what to do instead."""

_ARRAYS_OF_LAYER = "params is the dict of its parameters, such as params['weight']"
_ARRAYS_OF_MODEL = (
    "params is the dict of all parameters, such as params['0.weight'], and assign(arrays) replaces them"
)
_FREEZE = (
    "all parameters are trained; to freeze some, give their arrays back to the model after each step, in a "
    f"callback's on_step_end, {_SEE_COMING_FROM}"
)
_LAYERS_AT_ONCE = "give Sequential all layers at once, as in Sequential([Dense(8), ReLU(), Dense(2)])"
_LAYERS_IN_A_ROW = "write for layer in model, which goes through its layers"
_NO_GRADIENTS_KEPT = "gradients are returned and never kept; leave it out"
_NO_MODE = "there are no modes: forward_pass(x, training=True) is told each time, and only fit trains"
_OUTPUTS = "activations(x) gives every layer's output"
_SAVE_MODEL = (
    "save(path) and Sequential.load(path) keep a model; assign(other.params | other.state) copies one"
)
_SAVE_OPTIMISER = "save(path) and Optimiser.load(path) keep its arrays and the number of its steps"
_SCORE = (
    'write evaluate(x, targets)["accuracy"] for classes, or r2_score(targets, model(x)[:, 0]), which is in '
    "sklearn.metrics, for numbers"
)
_SCHEDULES_STEP = (
    "an optimiser with the schedule, as in Adam(CosineDecay(0.01)), asks it at each step; leave it out"
)
_STEP = (
    "model.assign(optimiser.update(model.params, grads, progress, model.decays)) takes a step; fit does it"
)
_TO_CONFIG = "write to_config()"
_TO_FIT = "give it to fit, as in fit(x, targets, optimiser=Adam())"
_STOP = "set stopped = True"
_WRAPPER = f"scikit-learn's tools take a class Classifier or Regressor around the model, {_SEE_COMING_FROM}"

ATTRIBUTES = {
    "Sequential": {
        "__sklearn_tags__": _WRAPPER,
        "add": _LAYERS_AT_ONCE,
        "append": _LAYERS_AT_ONCE,
        "apply": _LAYERS_IN_A_ROW,
        "backward": "call backward_pass(dy, caches)",
        "call": "call the model itself, model(x), or forward_pass(x) for the caches too",
        "children": _LAYERS_IN_A_ROW,
        "classes_": "the classes are the numbers from 0 to classes() - 1",
        "coefs_": _ARRAYS_OF_MODEL,
        "compile": "give optimiser and loss to fit",
        "count_params": "print(summary()) shows the number of parameters",
        "cpu": _NO_DEVICE,
        "cuda": _NO_DEVICE,
        "decision_function": "call the model itself, model(x)",
        "eval": _NO_MODE,
        "fit_generator": "give fit arrays; it cuts them into batches",
        "forward": "call the model itself, model(x), or forward_pass(x) for the caches too",
        "get_config": _TO_CONFIG,
        "get_layer": "write layers[0] for the first layer",
        "get_params": _WRAPPER,
        "get_weights": _ARRAYS_OF_MODEL,
        "intercepts_": _ARRAYS_OF_MODEL,
        "load_state_dict": _SAVE_MODEL,
        "load_weights": "Sequential.load(path) reads a whole model",
        "loss_curve_": 'write history["loss"]',
        "modules": _LAYERS_IN_A_ROW,
        "n_features_in_": "write input_shape",
        "n_iter_": "write len(history)",
        "named_modules": _LAYERS_IN_A_ROW,
        "named_parameters": _ARRAYS_OF_MODEL,
        "optimiser": _TO_FIT,
        "optimizer": _TO_FIT,
        "parameters": _ARRAYS_OF_MODEL,
        "partial_fit": "call fit(x, targets) again: training goes on with the parameters as they are",
        "predict_log_proba": "write numpy.log(predict_proba(x))",
        "register_forward_hook": _OUTPUTS,
        "requires_grad": _FREEZE,
        "requires_grad_": _FREEZE,
        "save_weights": "save(path) writes the whole model",
        "score": _SCORE,
        "set_params": _WRAPPER,
        "set_weights": "assign(arrays) takes a dict of arrays under their flat names, such as '0.weight'",
        "state_dict": _SAVE_MODEL,
        "stop_training": "in a callback, set training.stopped = True",
        "to": _NO_DEVICE,
        "train": _NO_MODE,
        "train_on_batch": (
            "fit(x, targets, epochs=1, batch_size=len(x), optimiser=optimiser) takes one step; give each "
            "call the same optimiser"
        ),
        "trainable": _FREEZE,
        "trainable_variables": _ARRAYS_OF_MODEL,
        "trainable_weights": _ARRAYS_OF_MODEL,
        "training": _NO_MODE,
        "weights": _ARRAYS_OF_MODEL,
        "zero_grad": _NO_GRADIENTS_KEPT,
    },
    "Configured": {
        "get_config": _TO_CONFIG,
    },
    "Layer": {
        "add_weight": f"put the array into params in build(input_shape, rng), {_SEE_YOUR_OWN}",
        "backward": "call backward_pass(dy, cache)",
        "bias": _ARRAYS_OF_LAYER,
        "call": "call forward_pass(x)",
        "count_params": "add up the sizes of the arrays in params",
        "eval": _NO_MODE,
        "forward": "call forward_pass(x)",
        "get_weights": _ARRAYS_OF_LAYER,
        "kernel": _ARRAYS_OF_LAYER,
        "load_state_dict": "assign to the entries of params and state",
        "name": "its kind is its class's name",
        "named_parameters": _ARRAYS_OF_LAYER,
        "output": "model.activations(x) gives every layer's output",
        "parameters": _ARRAYS_OF_LAYER,
        "register_buffer": f"put the array into state in build(input_shape, rng), {_SEE_YOUR_OWN}",
        "register_forward_hook": "model.activations(x) gives every layer's output",
        "requires_grad": _FREEZE,
        "requires_grad_": _FREEZE,
        "set_weights": "assign to the entries of params",
        "state_dict": "params and state are the dicts of its arrays",
        "train": _NO_MODE,
        "trainable": _FREEZE,
        "trainable_weights": _ARRAYS_OF_LAYER,
        "training": _NO_MODE,
        "weight": _ARRAYS_OF_LAYER,
        "weights": _ARRAYS_OF_LAYER,
    },
    "Optimiser": {
        "apply_gradients": _STEP,
        "load_state_dict": _SAVE_OPTIMISER,
        "lr": "write learning_rate",
        "minimize": _STEP,
        "param_groups": "all parameters have one rate, learning_rate",
        "state_dict": _SAVE_OPTIMISER,
        "step": _STEP,
        "zero_grad": _NO_GRADIENTS_KEPT,
    },
    "Schedule": {
        "get_last_lr": 'the history of a fit tells it, history["learning_rate"]',
        "step": _SCHEDULES_STEP,
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
        "learning_rate": "write training.optimiser.learning_rate",
        "lr": "write training.optimiser.learning_rate",
        "should_stop": _STOP,
        "stop": _STOP,
        "stop_training": _STOP,
    },
}
"""Attributes that objects have in other libraries, under the base class of ours, and what to do here."""

_A_MODEL = "write Sequential([Dense(8), ReLU(), Dense(2)]) with your layers"
_ABSOLUTE = "write MeanSquaredError(), or a loss of your own"
_BINARY = (
    "to tell two classes, write Dense(2) without Sigmoid as the last layer, and SoftmaxCrossEntropy(); for "
    f"several labels of one sample, write the loss BinaryCrossEntropy, {_SEE_YOUR_OWN}"
)
_CLIP = "write clip_norm=1.0 on the optimiser, as in Adam(clip_norm=1.0)"
_DATA = "give fit arrays; it cuts them into batches"
_IMAGES_ONLY = "write Conv2D or a pool on samples of (length, 1, channels), as in Conv2D(8, (3, 1))"
_IN_A_ROW = "a model is layers in a row, without branches"
_IN_CNN = "they are in cnn itself, such as cnn."
_NO_AUTOGRAD = "gradients are computed only where backward_pass is called; leave it out"
_NORMALISATION = "the normalisation here is BatchNorm; for another one, write a layer of your own"
_RATE = "write a Schedule such as CosineDecay(0.01), or set training.optimiser.learning_rate in a callback"
_REGRESSION = "end Sequential with Dense(1), and write fit(x, targets, loss=MeanSquaredError())"
_SCHEDULE_OF_YOUR_OWN = f"write a schedule of your own, {_SEE_YOUR_OWN}"
_SEED = "give a seed where random numbers are drawn, as in fit(x, targets, seed=0)"
_SKLEARN = "import it from sklearn."
_STANDARDISE = "write Standardise.of(x) as the first layer: it measures the training samples x"
_YOUR_OWN = f"write it as a layer of your own, {_SEE_YOUR_OWN}"

NAMES = {
    "activation": "write the layer itself, such as ReLU()",
    "add": _IN_A_ROW,
    "autograd": "gradients are computed by each layer's backward_pass, and gradient_check checks them",
    "bceloss": _BINARY,
    "bcewithlogitsloss": _BINARY,
    "binarycrossentropy": _BINARY,
    "classificationreport": f"{_SKLEARN}metrics, and give it predict(x)",
    "clipgradnorm": _CLIP,
    "clipgradvalue": _CLIP,
    "clonemodel": (
        "write Sequential.from_config(model.to_config()) for an untrained copy, or copy.deepcopy(model) for "
        "a trained one"
    ),
    "concatenate": _IN_A_ROW,
    "conv1d": _IMAGES_ONLY,
    "conv2dtranspose": "no layer enlarges an image; " + _YOUR_OWN,
    "convtranspose2d": "no layer enlarges an image; " + _YOUR_OWN,
    "dataloader": _DATA,
    "dataset": _DATA,
    "datasets": "load the data with another library, and give fit arrays",
    "elu": _YOUR_OWN,
    "exponentialdecay": _SCHEDULE_OF_YOUR_OWN,
    "exponentiallr": _SCHEDULE_OF_YOUR_OWN,
    "functional": _IN_CNN + "ReLU",
    "huber": _ABSOLUTE,
    "huberloss": _ABSOLUTE,
    "identity": "leave it out",
    "imagedatagenerator": "write augmentation=RandomAffine(shift=2) in fit",
    "input": _SHAPE_FOLLOWS,
    "inputlayer": _SHAPE_FOLLOWS,
    "l1loss": _ABSOLUTE,
    "lambdalr": _SCHEDULE_OF_YOUR_OWN,
    "layernorm": _NORMALISATION,
    "layernormalization": _NORMALISATION,
    "learningratescheduler": _RATE,
    "load": "write Sequential.load(path)",
    "loadmodel": "write Sequential.load(path)",
    "logsoftmax": "leave it out: SoftmaxCrossEntropy applies the softmax itself",
    "manualseed": _SEED,
    "meanabsoluteerror": _ABSOLUTE,
    "mlpclassifier": "write Sequential([Dense(100), ReLU(), Dense(10)]) with your layers",
    "mlpregressor": _REGRESSION,
    "model": _A_MODEL,
    "modelcheckpoint": (
        "write validation_data=(x, targets), callbacks=[BestWeights()] and then model.save(path); Checkpoint "
        "keeps what a killed training needs to go on"
    ),
    "models": "write cnn.Sequential and Sequential.load(path)",
    "module": _A_MODEL,
    "modulelist": _A_MODEL,
    "nllloss": "write SoftmaxCrossEntropy(), without a softmax at the end of the model",
    "nn": _IN_CNN + "Dense",
    "nograd": _NO_AUTOGRAD,
    "normalization": _STANDARDISE,
    "optim": _IN_CNN + "Adam",
    "optimizers": _IN_CNN + "Adam",
    "parameter": f"a layer of your own puts its arrays into params in build, {_SEE_YOUR_OWN}",
    "prelu": _YOUR_OWN,
    "reducelronplateau": _RATE,
    "relu6": f"write ReLU(), or a layer of your own, {_SEE_YOUR_OWN}",
    "save": "write model.save(path)",
    "setrandomseed": _SEED,
    "silu": _YOUR_OWN,
    "smoothl1loss": _ABSOLUTE,
    "standardscaler": _STANDARDISE,
    "swish": _YOUR_OWN,
    "tensor": "cnn takes NumPy arrays",
    "tocategorical": "labels are taken as they are, and one_hot makes rows of them",
    "traintestsplit": f"{_SKLEARN}model_selection, and give it NumPy arrays",
    "transforms": "write augmentation=RandomAffine(shift=2) in fit, and Rescale or Standardise as a layer",
    "unflatten": "give the samples their shape before, by x.reshape(-1, h, w, c)",
    "variable": "cnn takes NumPy arrays",
}
"""Names of other libraries' modules, classes and losses that are none of ours, in small letters and without
underscores, and what to do here."""

IN_ORDER = {
    "Conv2D": "there is no in_channels, since it follows from the samples; write stride and the rest by name",
    "Sequential": "put all layers into one list, as in Sequential([Dense(8), ReLU(), Dense(2)])",
    "build": "give the shape as one tuple, such as build((28, 28, 1))",
}
"""What to write where other libraries take more values without a name."""
