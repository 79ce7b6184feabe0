"""The three ways in which something can go wrong that a user must be told about."""


class StudioError(Exception):
    """An error whose text is one sentence for the user, saying what to do about it."""


class UsageError(StudioError):
    """The choice cannot work; the text names the valid ones. Exit code 2."""


class BadFileError(StudioError):
    """A file from outside (picture, weights, recording) cannot be used. Exit code 2."""


class RunError(StudioError):
    """A run that had begun could not go on. Exit code 3."""
