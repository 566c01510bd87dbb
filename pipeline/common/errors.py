"""The error that a stage ends with when the person running it can do something about it."""


class PipelineError(Exception):
    """A fault that one sentence explains: what was received, what was expected, what to do."""
