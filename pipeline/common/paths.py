"""The path of every file of the pipeline, relative to the repository's root, in which the stages run."""

from pathlib import Path

PARAMETERS = Path("params.yaml")
SCHEMA = Path("params.schema.json")

RAW = Path("data/raw")  # one folder per data set
PROCESSED = Path("data/processed")  # one folder per data set
CODE = Path("digests")  # of the code behind each stage
MODEL = Path("models/model.npz")
ONNX = Path("models/model.onnx")  # written on request; DVC does not keep it
CHECKPOINTS = Path("checkpoints")  # not among DVC's outputs, which it deletes before a stage runs
EVALUATION = Path("metrics/evaluation.json")
CLASSES = Path("metrics/classes.csv")
PREDICTIONS = Path("metrics/predictions.csv")
HARDEST = Path("metrics/hardest.csv")
TRAINING_LOG = Path("metrics/training")
STUDIES = Path("metrics/studies")  # results on the test images, of the recipes in params.yaml
OWN_STUDIES = Path("metrics/studies/own")  # the same of one's own pictures, in a folder named like theirs
TUNING = Path("metrics/studies/tuning")  # results on the validation images, of every configuration tried
FIGURES = Path("docs/generated")
README_FIGURE = Path("metrics/feature-maps.png")
LOGS = Path("logs")  # what differs from run to run: neither git nor DVC tracks it
RUNNING = LOGS / "running"  # the stage that runs holds the lock of this file

# What stages first write as a part file or folder beside it.
OUTPUTS = [RAW / "*", PROCESSED / "*", CHECKPOINTS / "*", MODEL, EVALUATION, CLASSES, PREDICTIONS, HARDEST]
OUTPUTS += [CODE, FIGURES, README_FIGURE, LOGS / "*"]
