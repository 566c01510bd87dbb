"""The error of everything that the user of the pipeline can mend."""


class PipelineError(Exception):
    """A fault, in one sentence: what was received, what was expected, what to do."""
