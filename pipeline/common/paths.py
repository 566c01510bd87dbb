"""Where every file of the pipeline lives, relative to the repository's root, in which the stages run."""

from pathlib import Path

PARAMETERS = Path("params.yaml")
SCHEMA = Path("params.schema.json")

RAW = Path("data/raw")  # one folder per data set
PROCESSED = Path("data/processed")  # one folder per data set
MODEL = Path("models/model.npz")
CHECKPOINTS = Path("checkpoints")  # outside DVC's outputs, which it deletes before a stage runs
EVALUATION = Path("metrics/evaluation.json")
CLASSES = Path("metrics/classes.csv")
PREDICTIONS = Path("metrics/predictions.csv")
HARDEST = Path("metrics/hardest.csv")
TRAINING_LOG = Path("metrics/training")
STUDIES = Path("metrics/studies")  # of recipes as params.yaml has them, on the test images
TUNING = Path("metrics/studies/tuning")  # of all configurations tried, on the validation images
FIGURES = Path("docs/generated")
README_FIGURE = Path("metrics/feature-maps.png")
LOGS = Path("logs")  # what differs from run to run: neither git nor DVC tracks it
RUNNING = LOGS / "running"  # the process that holds this file's lock is the stage that runs

# All that stages write by way of a part file or folder beside it.
OUTPUTS = [RAW / "*", PROCESSED / "*", CHECKPOINTS / "*", MODEL, EVALUATION, CLASSES, PREDICTIONS, HARDEST]
OUTPUTS += [FIGURES, README_FIGURE, LOGS / "*"]
