"""The session: what the user does to the stage, and what becomes of it.

Everything here happens in one thread. Steps come from an `Engine` through its mailbox, which
`Session.tick` empties; the clock is given from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from psygnal import Signal

from mi_studio.core import paths, recording
from mi_studio.core.cards import Library, SceneCard
from mi_studio.core.config import OWN_PICTURE, RunConfig, lean
from mi_studio.core.errors import REINSTALL, BadFileError, StudioError, UsageError
from mi_studio.core.recording import Recording
from mi_studio.core.step import Pictures, Step
from mi_studio.core.text import Text
from mi_studio.studio.intent import Intent, Wish
from mi_studio.studio.lanes import (
    Ended,
    Engine,
    Failed,
    Failure,
    Lane,
    Lanes,
    Message,
    Role,
    Shelf,
    Stepped,
)
from mi_studio.studio.pace import Pace
from mi_studio.studio.runstate import Event, RunState, after

LONGEST_STRIDE = 0.25
"""Seconds by which a film goes on at most between two ticks: where the screen stalls, so does the film."""

SETTLE_SECONDS = 0.3
"""A knob must rest this long before the run "had it been so from the start" begins."""

NoteKind = Literal["pending", "acts", "restarted"]

Missing = Literal["waits", "recorded", "stopped", "failed"]
"""Why there is no unmixed run to judge by: it is still to come, there was none in the recording, the mixed
run stopped, or the run from the start failed.
"""


@dataclass(frozen=True, slots=True)
class Note:
    """What the last move of a knob led to; ``step`` is where it took effect."""

    kind: NoteKind
    step: int = 0


@dataclass
class _Film:
    """Playing back steps that are already there: ``position`` was under the head at ``since``."""

    since: float
    position: float


class Session:
    """The stage: one choice, up to three lanes, one play head.

    Parameters
    ----------
    clock
        Seconds that only grow.
    shipped
        Returns the recording that comes with a scene, or ``None``.
    """

    changed = Signal()
    """Something that is shown has changed through what the user did; ``tick`` tells the rest."""

    told = Signal(Failure)
    """Something the user must read."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], float],
        *,
        scene: str | None = None,
        among: Library | None = None,
        shipped: Callable[[SceneCard], Recording | None] | None = None,
    ) -> None:
        self.intent = Intent(scene, among)
        self.state = RunState.IDLE
        self.lanes = Lanes()
        self.head: int | None = None
        self.speed = 1.0
        self.earlier: Lane | None = None
        self.notes: dict[str, Note] = {}
        self.replay: Literal["", "shipped", "opened"] = ""
        self._engine = engine
        self._clock = clock
        self._shipped = shipped or shipped_recording
        self._shelf = Shelf()
        self._tickets = 0
        self._measured = Pace()
        self._film: _Film | None = None
        self._settle_at: float | None = None
        self._quiet = False
        self._fresh_failed = False
        self.intent.changed.connect(self._on_intent)

    # what can be asked about the stage

    @property
    def main(self) -> Lane | None:
        """The attacker's own run."""
        return self.lanes.main

    @property
    def position(self) -> int:
        """The step under the play head."""
        reached = self.main.reached if self.main else 0
        return reached if self.head is None else min(self.head, reached)

    @property
    def playing(self) -> bool:
        """Whether pictures are moving, or will as soon as everything is loaded."""
        return self.state in (RunState.STARTING, RunState.RUNNING)

    @property
    def filming(self) -> bool:
        """Whether steps that are already there are being played back."""
        return self._film is not None

    @property
    def live(self) -> bool:
        """Whether `tick` must be called: something moves or is awaited."""
        return (
            self.playing
            or self._settle_at is not None
            or any(not lane.opened or lane.awaited > 0 for _, lane in self.lanes)
        )

    @property
    def seconds_left(self) -> float | None:
        """How long the attack will still take as fast as it goes now; ``None`` while nobody can know."""
        steps = self.main.history.steps if self.main else []
        return self._measured.left(steps[-1].total) if steps else None

    @property
    def awaits_effect(self) -> bool:
        """Whether a knob has moved and the attack has not taken it in yet."""
        return self.playing and bool(self._pending)

    @property
    def missing(self) -> Missing:
        """Why a mixed run cannot be judged, where no unmixed one is beside it."""
        if self.replay:
            return "recorded"
        if self.state is RunState.FAILED:
            return "stopped"
        return "failed" if self._fresh_failed else "waits"

    def shown(self, lane: Lane) -> tuple[Step | None, bool]:
        """Return the step of a lane to show, and whether it is the one that the attacker hands in."""
        if self.head is None and lane.ended and lane.result is not None and lane.history.steps:
            return lane.history.final, True
        return lane.at(self.head), False

    @property
    def can_run(self) -> bool:
        """Whether the choice can run here; a recording of somebody's own picture cannot."""
        return self.intent.wish.target != OWN_PICTURE or self.intent.wish.picture is not None

    # what the user does

    def toggle_play(self) -> None:
        """Play or pause."""
        match self.state:
            case RunState.STARTING | RunState.RUNNING:
                self._pause()
            case RunState.PAUSED:
                self._resume()
            case RunState.FINISHED if self.replay != "shipped":
                self._play_film(0)
            case RunState.IDLE | RunState.FAILED | RunState.FINISHED:
                self.start()
            case RunState.STOPPING:
                return
        self.changed.emit()

    def start(self) -> None:
        """Run the present choice live from its first step."""
        if not self.can_run:
            self._tell_no_picture()
            return
        self._clear(keep_earlier=True)
        self._become(Event.START)
        self._open(Role.MAIN, self._config())
        self._beside()
        self._engine.pace(self._pace())
        self._engine.go()
        self.changed.emit()

    def restart(self, same_seed: bool) -> None:
        """Run again from step 0, with the same seed or the next one."""
        if self.state is RunState.STOPPING:
            return
        if not same_seed:
            self._quietly(lambda: self.intent.reseed(self.intent.wish.seed + 1))
        self.start()

    def step(self, by: int) -> None:
        """Go one step back or forward; pauses. Forward of the newest step, the attack does one more."""
        main = self.main
        if self.state is RunState.STOPPING:
            return
        if main is None:
            if by > 0:
                self.start()
                if self.main is not None:
                    self._pause()
                    self._ask_step()
            return
        if self.playing:
            self._pause()
        if by < 0:
            self.head = max(0, self.position - 1)
        elif self.position < main.reached:
            self.head = self.position + 1
        elif not main.ended and self.state is RunState.PAUSED:
            self.head = None
            self._ask_step()
        self.changed.emit()

    def scrub(self, index: int) -> None:
        """Put the play head on a step. A live run goes on meanwhile; the newest step follows it again."""
        main = self.main
        if main is None:
            return
        at_end = index >= main.reached
        self.head = None if at_end else max(0, index)
        if self._film is not None:
            self._film = _Film(self._clock(), float(self.position))
        self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """Set how fast it goes, live and played back.

        At 1 an attack takes the typical time of its card, or as long as the machine needs; ``inf`` is
        as fast as it can.
        """
        if not speed > 0:
            raise ValueError("a speed is a positive number")
        if self._film is not None:
            self._film = _Film(self._clock(), float(self.position))
        self.speed = speed
        self._engine.pace(self._pace())
        self.changed.emit()

    def bring(self, name: str, picture: Pictures) -> None:
        """Take the user's own picture, uint8 (h, w, 3); switches to a scene that takes one if needed."""
        if "own-picture" not in self.intent.scene.provides:
            scene = next((s for s in self.intent.cards.scenes if "own-picture" in s.provides), None)
            if scene is None:
                raise UsageError(
                    Text("No scene takes a picture of your own.", "自分の画像を使える場面がありません。"),
                    remedy=REINSTALL,
                )
            self._quietly(lambda: self.intent.pick("scene", scene.id))
        self.intent.bring(name, picture[None])

    def open_recording(self, recorded: Recording, *, shipped: bool = False) -> None:
        """Play a recording from its start.

        Raises
        ------
        BadFileError
            If it was made with parts or settings that are not here.
        """
        if self.state is RunState.STOPPING:
            return
        try:
            self._quietly(lambda: self.intent.adopt(recorded.config))
        except UsageError as error:
            raise BadFileError(error.problem) from (error.__cause__ or error)
        self._clear()
        self.lanes.put(Role.MAIN, Lane.recorded(recorded))
        if recorded.twin is not None:
            self.lanes.put(Role.TWIN, Lane.recorded(recorded, recorded.twin))
        self.replay = "shipped" if shipped else "opened"
        self._become(Event.RESET)
        self._play_film(0)
        self.changed.emit()

    def open_scene(self) -> None:
        """Play the recording that comes with the chosen scene, if there is one and it fits."""
        try:
            recorded = self._shipped(self.intent.scene)
            if recorded is not None and self._fits(recorded.config):
                self.open_recording(recorded, shipped=True)
        except StudioError:
            self._clear()
        self.changed.emit()

    def set_up(self, choose: Callable[[Intent], None]) -> None:
        """Choose several things at once; what comes with the choice stands at its beginning."""
        if self.state is RunState.STOPPING:
            return
        self._quietly(lambda: choose(self.intent))
        self._clear()
        self._become(Event.RESET)
        self.open_scene()
        if self.filming:
            self._pause()
            self.head = 0

    def _fits(self, config: RunConfig) -> bool:
        wanted = self._config()
        return self._key(replace(config, steps=wanted.steps)) == self._key(wanted)

    def save(self) -> Recording:
        """Return what can be saved.

        Raises
        ------
        UsageError
            If nothing has been run yet.
        """
        if self.main is None or not self.main.history.steps or self.main.secret is None:
            raise UsageError(
                Text(
                    "There is nothing to save yet; press play first.",
                    "保存できるものがまだありません。先に再生してください。",
                )
            )
        return self.main.recording(self.lanes[Role.TWIN])

    def quit(self) -> None:
        """Want nothing any more; the program is closing."""
        if self.state is not RunState.STOPPING:
            self._clear()
            self._become(Event.STOP)

    def stopped(self) -> None:
        """Take note that the engine has stopped."""
        self._become(Event.STOPPED)

    # what happens by itself

    def tick(self) -> bool:
        """Take in what the engine has done and what time has brought; return whether anything changed."""
        news = False
        for message in self._engine.mailbox.take():
            news = self._take(message) or news
        if self.state is RunState.STOPPING:
            return news
        now = self._clock()
        if self._settle_at is not None and now >= self._settle_at:
            self._settle_at = None
            self._settled()
            news = True
        if self._film is not None and self.state is RunState.RUNNING:
            news = self._roll(now) or news
        if self.state is RunState.RUNNING and not self.filming and self.main is not None:
            self._measured.note(now, self.main.reached)
        else:
            self._measured.forget()
        return news

    def _take(self, message: Message) -> bool:
        found = self.lanes.find(message.ticket)
        if found is None:  # from a run that is no longer wanted
            return False
        role, lane = found
        if isinstance(message, Failed):
            self._failed(role, message.failure)
            return True
        lane.take(message)
        if role is Role.MAIN:
            if lane.opened and self.state is RunState.STARTING:
                self._become(Event.OPENED)
            if isinstance(message, Stepped):
                self._note(message)
        if isinstance(message, Ended):
            if lane.complete and lane.config.target != OWN_PICTURE:
                self._shelf.keep(self._key(lane.config), lane)
            self._finish_if_over()
        return True

    @property
    def _pending(self) -> list[str]:
        return [knob for knob, note in self.notes.items() if note.kind == "pending"]

    def _note(self, message: Stepped) -> None:
        """Write down where moved knobs took effect."""
        for move in message.moves:
            if self._acts(move.knob):
                self.notes[move.knob] = Note("acts", move.step)
        for knob in self._pending:
            # moved before the first step, or back again before anything came of it
            if message.values.get(knob) == self.intent.wish.values[knob]:
                del self.notes[knob]
        if message.moves and self.lanes[Role.FRESH] is None and self._settle_at is None:
            self._settle_at = self._clock() + SETTLE_SECONDS

    def _failed(self, role: Role, failure: Failure) -> None:
        if role is Role.MAIN:
            self._drop(Role.TWIN, Role.FRESH)
            assert self.main is not None
            self.main.opened = self.main.ended = True
            self.main.awaited = 0
            self.main.ticket = 0
            self._engine.halt()
            if self.state in (RunState.STARTING, RunState.RUNNING, RunState.PAUSED):
                self._become(Event.FAIL)
            if not self.main.history.steps:
                self.lanes.drop(Role.MAIN)
            self._settle_at = None
        else:
            self.lanes.drop(role)
            self._fresh_failed = self._fresh_failed or role is Role.FRESH
            self._finish_if_over()
        self.told.emit(failure)

    def _finish_if_over(self) -> None:
        over = all(lane.ended for _, lane in self.lanes)
        if over and self._settle_at is None and self.state in (RunState.RUNNING, RunState.PAUSED):
            self._become(Event.FINISH)
            self._engine.halt()

    # runs

    def _config(self) -> RunConfig:
        return self.intent.wish.config(self.intent.cards)

    def _key(self, config: RunConfig) -> str:
        return lean(config, self.intent.cards).key

    def _open(self, role: Role, config: RunConfig) -> None:
        self._tickets += 1
        self._drop(role)
        self.lanes.put(role, Lane(self._tickets, config))
        self._engine.open(self._tickets, config, self.intent.wish.picture)

    def _beside(self, role: Role = Role.TWIN) -> None:
        """Put the undefended twin, or the run under the present setting, beside the main run."""
        config = self._config()
        if role is Role.TWIN:
            if not self.intent.on:
                self._drop(role)
                return
            config = config.undefended()
        else:
            self._fresh_failed = False
        there = self.lanes[role]
        if there is not None and self._key(there.config) == self._key(config):
            return
        known = None if config.target == OWN_PICTURE else self._shelf.find(self._key(config))
        if known is not None:
            self._drop(role)
            self.lanes.put(role, replace(known, ticket=0))
        else:
            self._open(role, config)

    def _drop(self, *roles: Role) -> None:
        for role in roles:
            lane = self.lanes.drop(role)
            if lane is not None and lane.ticket:
                self._engine.close(lane.ticket)

    def _clear(self, keep_earlier: bool = False) -> None:
        """Empty the stage; what was judged there may stay as the ghost of the next run."""
        before = self.lanes.judged
        if not keep_earlier:
            self.earlier = None
        elif before is not None and before.history.steps and self._is_earlier(before.config):
            self.earlier = before
        self._drop(*Role)
        self._engine.halt()
        self.head, self._film, self._settle_at, self.replay = None, None, None, ""
        self._fresh_failed = False
        self.notes = {k: n for k, n in self.notes.items() if keep_earlier and n.kind == "restarted"}

    def _is_earlier(self, config: RunConfig) -> bool:
        """Whether a run is of the same attack on the same secret, and of another setting or seed."""
        wish = self.intent.wish
        same = (config.scene, config.attack, config.target) == (wish.scene, wish.attack, wish.target)
        return same and self._key(config) != self._key(self._config())

    def _become(self, event: Event) -> None:
        self.state = after(self.state, event)

    # playing

    def _pause(self) -> None:
        if self._film is not None:
            self.head = self.position
            self._film = None
        self._become(Event.PAUSE)
        self._engine.halt()

    def _resume(self) -> None:
        main = self.main
        over = main is not None and all(lane.ended for _, lane in self.lanes)
        if over and main is not None:
            self._play_film(0 if self.position >= main.reached else self.position)
            return
        self.head = None
        self._become(Event.PLAY)
        self._engine.go()

    def _play_film(self, start: int) -> None:
        self.head = start
        self._film = _Film(self._clock(), float(start))
        self._become(Event.PLAY)

    def _roll(self, now: float) -> bool:
        assert self._film is not None
        main = self.main
        if main is None:
            return False
        passed = min(max(0.0, now - self._film.since), LONGEST_STRIDE)
        position = self._film.position + (passed * self._rate() * self.speed if passed else 0.0)
        self._film = _Film(now, min(position, float(main.reached)))
        index = int(self._film.position)
        if index >= main.reached:
            self._film, self.head = None, None
            self._become(Event.FINISH)
            return True
        moved = index != self.head
        self.head = index
        return moved

    def _rate(self) -> float:
        """Steps a second at which an attack takes its typical time."""
        card = self.intent.cards.attack(self.intent.wish.attack)
        return max(1.0, card.steps / max(0.1, card.typical_seconds))

    def _pace(self) -> float:
        return self._rate() * self.speed

    def _ask_step(self) -> None:
        for _, lane in self.lanes:
            if not lane.ended:
                lane.awaited += 1
        self._engine.step()

    # the choice changed

    def _quietly(self, act: Callable[[], None]) -> None:
        self._quiet = True
        try:
            act()
        finally:
            self._quiet = False

    def _on_intent(self, old: Wish, new: Wish) -> None:
        if self._quiet or self.state is RunState.STOPPING:
            return
        moved = [k for k, v in new.knobs if old.values.get(k) != v]
        only_knobs = replace(old, knobs=new.knobs) == new and old.picture is new.picture
        if new.scene != old.scene:
            self._clear()
            self._become(Event.RESET)
            self.open_scene()
            return
        if self.main is not None and not self.can_run and new.target == old.target:
            self._tell_no_picture()  # and leave on the stage what cannot be made again
        elif only_knobs and all(self.intent.knobs[k].live for k in moved):
            self._turned(moved, new)
        else:
            self._chosen(moved if only_knobs else [])
        self.changed.emit()

    def _chosen(self, restarted: list[str]) -> None:
        """Another model, attack, target, seed, picture or fixed knob: what ran is not wanted any more."""
        was_playing = self.playing or (bool(restarted) and self.main is not None)
        if was_playing and self.can_run:
            if restarted:
                self.notes |= {k: Note("restarted") for k in restarted}
            self.start()
        else:
            self._clear()
            self._become(Event.RESET)

    def _turned(self, moved: list[str], wish: Wish) -> None:
        """Live knobs moved: they act on the running attack, and what they mean is run from the start."""
        main = self.main
        if main is None:
            return
        if main.ended:
            # nothing is left for the knob to act on: the attack starts anew under it
            self.notes |= {k: Note("restarted") for k in moved}
        elif acting := [k for k in moved if self._acts(k)]:
            self._engine.turn(main.ticket, {k: wish.values[k] for k in self._together(acting)})
            for knob in acting:
                if main.values.get(knob) == wish.values[knob]:  # back again before anything came of it
                    self.notes.pop(knob, None)
                else:
                    self.notes[knob] = Note("pending")
        self._settle_at = self._clock() + SETTLE_SECONDS

    def _together(self, acting: list[str]) -> list[str]:
        """Return the knobs that go to the run with these: a model trained in two ways is in no run."""
        trained = [d.knob.id for d in self.intent.defenses if d.acts == "trained"]
        return [*dict.fromkeys((*acting, *trained))] if set(acting) & set(trained) else acting

    def _acts(self, knob: str) -> bool:
        """Whether a knob can reach this attacker; one that cannot must not make the run a mixed one."""
        owners = [d for d in self.intent.defenses if knob in {k.id for k in (d.knob, *d.beside)}]
        return not owners or any(self.intent.why_idle(d) is None for d in owners)

    def _settled(self) -> None:
        """A knob has come to rest."""
        main = self.main
        if main is None:
            return
        if main.ended:
            self.start()
            return
        if main.history.steps and (main.mixed or self._pending):
            self._beside(Role.FRESH)
        else:
            self._drop(Role.FRESH)
        self._beside(Role.TWIN)

    def _tell_no_picture(self) -> None:
        self.told.emit(
            Failure(
                Text(
                    "This recording is of somebody's own picture, which is not in the file; "
                    "bring a picture of your own to run it here.",
                    "この記録は自分の画像を使ったもので、画像そのものはファイルに含まれていません。"
                    "ここで実行するには、自分の画像を選んでください。",
                ),
                "",
            )
        )


def shipped_recording(scene: SceneCard) -> Recording | None:
    """Return the recording that comes with a scene; ``None`` where it is missing or damaged."""
    path = paths.assets() / "recordings" / scene.preset.recording
    try:
        return recording.load(path)
    except BadFileError:
        return None
