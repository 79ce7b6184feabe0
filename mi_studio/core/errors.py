"""The three ways in which something can go wrong that a user must be told about, in both languages."""

from __future__ import annotations

import errno

from mi_studio.core.text import Text

REINSTALL = Text("Install MI Studio again.", "MI Studioをインストールし直してください。")
REBUILD = Text(
    "Install MI Studio again, or rebuild the weights with: mi-studio train",
    "MI Studioをインストールし直すか、mi-studio train で重みを作り直してください。",
)

NO_OUT = Text(
    "{path} cannot be written ({reason}); choose another --out.",
    "{path} に書き込めません（{reason}）。--out で別の場所を指定してください。",
)


class StudioError(Exception):
    """An error that is told to the user; ``str`` of it is the English text, on one line.

    Parameters
    ----------
    problem
        What is wrong, and where no ``remedy`` follows also what to do.
    remedy
        What to do about it, as a sentence of its own.
    **values
        What goes into the {places} of both.
    """

    def __init__(self, problem: Text, *, remedy: Text | None = None, **values: object) -> None:
        if values:  # a text that is handed on may hold braces of its own
            problem, remedy = problem.filled(**values), remedy and remedy.filled(**values)
        self.problem, self.remedy = problem, remedy
        super().__init__(self.text.en)

    @property
    def text(self) -> Text:
        """The problem and its remedy."""
        if self.remedy is None:
            return self.problem
        return Text(f"{self.problem.en} {self.remedy.en}", f"{self.problem.ja}{self.remedy.ja}")


class UsageError(StudioError):
    """The choice cannot work; the text names the valid ones. Exit code 2."""


class BadFileError(StudioError):
    """A file from outside (picture, weights, recording) cannot be used. Exit code 2."""


class RunError(StudioError):
    """A run that had begun could not go on. Exit code 3."""


_REASONS = {
    errno.ENOENT: "見つかりません",
    errno.EACCES: "アクセス権限がありません",
    errno.EPERM: "アクセス権限がありません",
    errno.EEXIST: "同じ名前のものがすでにあります",
    errno.EISDIR: "ファイルではなくフォルダーです",
    errno.ENOTDIR: "途中にフォルダーではないものがあります",
    errno.ENAMETOOLONG: "名前が長すぎます",
    errno.ENOSPC: "空き容量が足りません",
    errno.EROFS: "書き込みできない場所です",
    errno.EBUSY: "ほかのプログラムが使用中です",
    errno.EIO: "読み書き中に入出力エラーが起きました",
}


def reason(error: OSError | ValueError) -> Text:
    """Say in a few words why the system refused a file; ``ValueError`` is what it makes of odd names."""
    if not isinstance(error, OSError) or error.errno is None:
        return Text(str(error), "名前または内容を扱えません")
    return Text(error.strerror or str(error), _REASONS.get(error.errno, f"システムエラー {error.errno}"))
