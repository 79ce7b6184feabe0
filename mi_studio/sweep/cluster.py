"""Workers of an existing Dask cluster; only here does the program use the network, because it was asked to.

The workers need MI Studio, of the same version, and nothing else: configurations go out and outcomes come
back, so no folder has to be shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mi_studio.core.config import RunConfig
from mi_studio.core.errors import RunError, UsageError
from mi_studio.core.outcome import Outcome
from mi_studio.core.text import Text
from mi_studio.sweep.pool import BEAT
from mi_studio.sweep.store import NEEDS_SWEEP
from mi_studio.sweep.work import Failed, carry_out

IN_HAND = 2
"""Runs for each thread of the cluster that are handed out at a time; others' clients get their turn."""

CONNECT_SECONDS = 10


class Cluster:
    """A Dask scheduler that is running already; close it to let go of it.

    Raises
    ------
    UsageError
        If Dask is not installed or nothing answers at the address.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError as error:
            raise UsageError(NEEDS_SWEEP, library="Dask") from error
        self._dask: Any = distributed
        try:
            self._client: Any = self._dask.Client(address, timeout=CONNECT_SECONDS)
        except (OSError, ValueError, TypeError) as error:  # distributed's timeouts are OSErrors
            raise UsageError(
                Text(
                    "No Dask scheduler answers at {address}; start one with: {command}",
                    "{address} でDaskのスケジューラーが応答しません。"
                    "「{command}」で起動し、アドレスを確かめてください。",
                ),
                command="dask scheduler",
                address=address,
            ) from error

    def carry_out(self, configs: Iterable[RunConfig]) -> Iterator[Outcome | Failed | None]:
        """Yield outcomes and failures as they come, and ``None`` at every beat without one.

        A run whose worker dies is given to another by the scheduler. Equal runs of several clients are done
        once.
        """
        waiting = iter(list(configs))
        running: dict[Any, RunConfig] = {}
        more = True
        try:
            while more or running:
                while more and len(running) < self._room():
                    config = next(waiting, None)
                    if config is None:
                        more = False
                        break
                    running[self._client.submit(carry_out, config, key=f"mi-studio-{config.key}")] = config
                if not running:
                    continue
                try:
                    self._dask.wait(list(running), timeout=BEAT, return_when="FIRST_COMPLETED")
                except (TimeoutError, self._dask.TimeoutError):
                    yield None
                    continue
                for future in [future for future in running if future.done()]:
                    yield self._answer(future, running.pop(future))
        finally:
            self._client.cancel(list(running))

    def close(self) -> None:
        """Let go of the cluster; it goes on running."""
        self._client.close()

    def _room(self) -> int:
        threads = sum(self._client.nthreads().values())
        return max(1, IN_HAND * int(threads))

    def _answer(self, future: Any, config: RunConfig) -> Outcome | Failed:
        if future.status == "finished":
            answer = future.result()
            assert isinstance(answer, Outcome | Failed)
            return answer
        if future.status == "error":
            error = future.exception()
            line = " ".join(str(error).split()) or type(error).__name__
            return Failed(
                config, Text(line, f"クラスターのワーカーで実行できませんでした（{type(error).__name__}）。")
            )
        raise RunError(
            Text(
                "The Dask cluster was lost. Start it again and give the same command: what is done is kept.",
                "Daskのクラスターとの接続が切れました。起動し直して同じコマンドを実行すれば、続きから始まります。",
            )
        )
