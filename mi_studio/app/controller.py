"""Between the window and the session: gestures in, views out, by one timer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFileDialog

from mi_studio import __version__
from mi_studio.app import motion, pictures, qt_words, theme
from mi_studio.app.exact import ExactDesk
from mi_studio.app.lessons import LessonDesk
from mi_studio.app.scenefile import TeacherDesk
from mi_studio.app.settings import Settings
from mi_studio.app.talk import CALM_SECONDS, Talk
from mi_studio.app.tradeoff import Tradeoff
from mi_studio.app.window import MainWindow
from mi_studio.app.worker import Worker
from mi_studio.app.zoom import Zoom
from mi_studio.core import atomic, recording
from mi_studio.core.config import OWN_PICTURE
from mi_studio.core.errors import BadFileError, StudioError, reason
from mi_studio.core.knobs import Value
from mi_studio.core.outcome import Outcome
from mi_studio.core.pictures import SUFFIXES
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text
from mi_studio.export.run_folder import png
from mi_studio.studio import desk, effects
from mi_studio.studio.lanes import Failure
from mi_studio.studio.presenter import Presenter
from mi_studio.studio.scenefile import SUFFIX, SceneFile
from mi_studio.studio.session import Session

TICK_MS = 20
"""How often the worker's steps are fetched, and only while something is live."""

KEEN_MS = 4
"""The same while a moved knob is about to act, which the user waits for."""

DRAW_SECONDS = 0.055
"""Running pictures are drawn anew at most this often, for the attack waits while Python draws; what the
user does shows at the next tick."""

READ_SECONDS = 0.2
"""Words and curves change at most this often while pictures run, so that people can read them."""

STILL_SECONDS = 0.5
"""The same for everything where motion is reduced."""

WARM_UP_MS = 300
"""The engine is loaded this long after the window is up, so that the first picture is on screen."""

OPEN_PICTURE = Text("Choose a picture", "画像を選ぶ")
PICTURES = Text("Pictures", "画像")
OPEN_RECORDING = Text("Open a recording", "記録を開く")
SAVE_RECORDING = Text("Save this run", "実行を保存")
RECORDINGS = Text("Recordings", "記録")
RECORDINGS_AND_FILES = Text("Recordings and scene files", "記録と教材ファイル")
SAVE_SCENE_FILE = Text("Save as scene file", "教材ファイルとして保存")
SCENE_FILES = Text("Scene files", "教材ファイル")
SAVE_PAGE = Text("Save one page about this run", "1ページの報告書を保存")
PAGES = Text("PDF pages", "PDF")
SAVE_PICTURE = Text("Save the picture", "画像を保存")
STAYS = Text(
    "Your picture stays on this computer: it is used in memory only, and nothing is sent anywhere.",
    "画像はこのコンピューターの外に出ません。メモリー上で使うだけで、どこにも送信しません。",
)
SAVED = Text("Saved as {name}.", "{name} に保存しました。")
SAVED_OWN = Text(
    "Saved as {name}. Your own picture is in it: whoever has the file can see it.",
    "{name} に保存しました。自分の画像も含まれるため、ファイルを持つ人には見えます。",
)
CANNOT_SAVE = Text(
    "{name} cannot be written ({reason}). Save it somewhere else.",
    "{name} に書き込めません（{reason}）。別の場所に保存してください。",
)


class Controller(QObject):
    """Owns the session and the timer that drives it.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(
        self,
        window: MainWindow,
        worker: Worker,
        settings: Settings,
        language: str,
        *,
        scene: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        session: Session | None = None,
    ) -> None:
        super().__init__()
        self.window, self.worker, self.settings = window, worker, settings
        self.session = session or Session(worker, clock, scene=scene)
        self.presenter = Presenter(self.session, language)
        self.lessons = LessonDesk(window, self.session, settings, language, self._try)
        self.zoom = Zoom(window, settings)
        self.talk = Talk(window, self.session, self.lessons, language, self._try)
        self.teacher = TeacherDesk(window, self.session, self.speak, self._dress, self.lessons.open)
        self._clock = clock
        self._stale = True
        self._partial = self._urgent = self._waited = False
        self._takes_pictures: bool | None = None
        self._reader = ThreadPoolExecutor(1, "mi-studio-picture")
        self._reading: Future[tuple[str, NDArray[np.uint8]]] | None = None
        self._read_for = self._secret()
        self._drawn_at = self._read_at = -math.inf
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.setInterval(TICK_MS)
        self.timer.timeout.connect(self._tick)
        self.session.changed.connect(self._refresh)
        self.session.told.connect(self._tell)
        self.exact = ExactDesk(window, self.session, self._tell, self._refresh, language)
        self.tradeoff = Tradeoff(window.tradeoff, lambda: self.session.intent.scene, self._tell, language)
        self._warming = QTimer(self)
        self._warming.setSingleShot(True)
        self._warming.setInterval(WARM_UP_MS)
        self._warming.timeout.connect(worker.warm_up)
        self._connect()
        self.draw()

    def begin(self, opened: Path | None = None) -> None:
        """Start the thread and play a recording; without one of the user's own, load the engine soon."""
        self.worker.start()
        self.session.set_speed(self.settings.speed)
        if opened is not None and opened.suffix.lower() != SUFFIX:
            self.open_recording(opened)  # whoever came to watch may have no torch: it waits until wanted
        else:
            self.session.open_scene()
            self._warming.start()
        if opened is not None and opened.suffix.lower() == SUFFIX:
            self.open_scene_file(opened)
        self._stand()

    def _stand(self) -> None:
        """Have what came from a file stand at its end, where nothing may move by itself."""
        if motion.still() and self.session.main is not None and self.session.filming:
            self.session.scrub(self.session.main.reached)
            self.session.toggle_play()

    def _connect(self) -> None:
        window, session = self.window, self.session
        window.sentence.picked.connect(self._picked)
        window.sentence.toggled.connect(self._toggled)
        window.timeline.play_toggled.connect(self._played)
        window.timeline.stepped.connect(self._stepped)
        window.timeline.scrubbed.connect(self._scrubbed)
        window.timeline.restarted.connect(self._restarted)
        window.timeline.speed_chosen.connect(self._speed_chosen)
        window.protection.moved.connect(self._moved)
        window.panes[0].file_dropped.connect(self._file_dropped)
        window.panes[0].open_requested.connect(self.ask_for_picture)
        window.panes[0].paste_requested.connect(self._pasted)
        window.language_chosen.connect(self._language_chosen)
        window.theme_chosen.connect(self._theme_chosen)
        window.stillness_chosen.connect(self._stillness_chosen)
        window.open_recording_requested.connect(self._open_requested)
        window.save_requested.connect(self._save_requested)
        window.save_page_requested.connect(self._save_page_requested)
        window.save_picture_requested.connect(self._save_picture_requested)
        window.save_scene_requested.connect(self._save_scene_requested)
        window.top.teacher.clicked.connect(lambda: self._try(self.teacher.leave))
        window.quit_requested.connect(window.close)
        window.page_chosen.connect(self._page_chosen)
        window.tradeoff.open_requested.connect(lambda dot: self._outcome_opened(dot.shown))
        window.effects.open_requested.connect(self._outcome_opened)
        for key, act in (
            (QKeySequence.StandardKey.Undo, session.intent.undo),
            (QKeySequence.StandardKey.Redo, session.intent.redo),
        ):
            QShortcut(QKeySequence(key), window).activated.connect(lambda act=act: self._try(act))

    def close(self) -> None:
        """Stop everything, in order: the screen's timer, the runs, the thread, the settings."""
        self.timer.stop()
        self._warming.stop()
        self.session.quit()
        self.settings.scene = self.session.intent.wish.scene
        self.settings.speed = self.session.speed
        self.lessons.keep()
        self.settings.geometry = self.window.saveGeometry()
        self.settings.save()
        self.window.hide()
        self.exact.close()
        self.tradeoff.close()
        self._reader.shutdown(cancel_futures=True)
        if self.worker.quit():
            self.session.stopped()

    # drawing

    def draw(self, full: bool = True) -> None:
        """Draw the stage as it is now, or only what must keep up with running pictures."""
        self._stale, self._partial = False, not full
        self._drawn_at = self._clock()
        if full:
            self._read_at = self._drawn_at
        takes = "own-picture" in self.session.intent.scene.provides
        if takes != self._takes_pictures:
            self._takes_pictures = takes
            self.window.panes[0].set_accepts_files(takes)
        view = self.presenter.view(full)
        self.window.show_view(view)
        if self.window.page == "desk" and (full or not self.window.desk.filled):
            self.window.desk.show_view(desk.view(self.presenter))
        self.lessons.draw()
        if full:
            self.exact.draw()
        self.talk.draw(view)

    @Slot()
    def _tick(self) -> None:
        self._take_picture()
        self._stale = self.session.tick() or self._stale
        self._urgent = self._urgent or (self._waited and not self.session.awaits_effect)
        self._pace_ticks()
        now = self._clock()
        full = not self.session.playing or now - self._read_at >= READ_SECONDS
        if not self.window.isVisible():  # closed: what is drawn now has no window to go to
            self.timer.stop()
        elif (self._urgent and not self.talk.on) or (
            (self._stale or (self._partial and full)) and now - self._drawn_at >= self._rest()
        ):
            self.draw(full or self._urgent)
            self._urgent = False
        if not (self.session.live or self._stale or self._partial or self._reading):
            self.timer.stop()

    def _rest(self) -> float:
        """Return how long a picture stays on the screen at least."""
        usual = STILL_SECONDS if motion.still() else DRAW_SECONDS
        return max(usual, CALM_SECONDS) if self.talk.on else usual

    def _refresh(self) -> None:
        """Draw at the next tick; but a moved knob at the tick when it acts, which is worth more."""
        self._stale = True
        self._urgent = not self.session.awaits_effect
        if not self._urgent:
            self._pace_ticks()
        if not self.timer.isActive():
            self.timer.start()

    def _pace_ticks(self) -> None:
        """Tick faster while a moved knob is about to act."""
        waits = self.session.awaits_effect
        if waits != self._waited:
            self._waited = waits
            self.timer.setInterval(KEEN_MS if waits else TICK_MS)

    def say(self, text: Text) -> str:
        """Return a text in the present language."""
        return text.get(self.presenter.language)

    def _tell(self, failure: Failure) -> None:
        self._refresh()
        self.window.show_message("error", failure.sentence, failure.details)

    def _try(self, act: Callable[[], object]) -> bool:
        """Do something that the user asked for; tell what is wrong with it instead of failing."""
        try:
            act()
        except StudioError as error:
            self._tell(Failure.of(error))
            return False
        finally:
            self._refresh()
        return True

    # the sentence, the knobs, the timeline

    @Slot(str, str)
    def _picked(self, slot: str, wanted: str) -> None:
        if slot == "target" and wanted == OWN_PICTURE and self.session.intent.wish.picture is None:
            self.ask_for_picture()
            return
        if self._try(lambda: self.session.intent.pick(slot, wanted)) and slot == "scene":
            self._stand()

    @Slot(str, str, bool)
    def _toggled(self, _slot: str, wanted: str, on: bool) -> None:
        self._try(lambda: self.session.intent.toggle(wanted, on))

    @Slot(str, object)
    def _moved(self, knob: str, value: Value) -> None:
        self._try(lambda: self.session.intent.turn(knob, value))

    @Slot()
    def _played(self) -> None:
        self._try(self.session.toggle_play)

    @Slot(int)
    def _stepped(self, by: int) -> None:
        self._try(lambda: self.session.step(by))

    @Slot(int)
    def _scrubbed(self, index: int) -> None:
        self._try(lambda: self.session.scrub(index))

    @Slot(bool)
    def _restarted(self, new_seed: bool) -> None:
        self._try(lambda: self.session.restart(same_seed=not new_seed))

    @Slot(float)
    def _speed_chosen(self, speed: float) -> None:
        self._try(lambda: self.session.set_speed(speed))

    # the user's own picture

    @Slot()
    def ask_for_picture(self) -> None:
        """Let the user choose a picture file."""
        endings = " ".join(f"*.{suffix}" for suffix in SUFFIXES)
        chosen, _ = QFileDialog.getOpenFileName(
            self.window,
            self.say(OPEN_PICTURE),
            self.settings.folder,
            f"{self.say(PICTURES)} ({endings})",
        )
        if chosen:
            self.settings.folder = str(Path(chosen).parent)
            self._file_dropped(chosen)

    @Slot(str)
    def _file_dropped(self, place: str) -> None:
        if place.lower().endswith(SUFFIX):
            self.open_scene_file(Path(place))
            return
        if place.lower().endswith(".mireplay"):
            self.open_recording(Path(place))
            return
        self._read(lambda: (Path(place).name, pictures.from_place(place)))

    @Slot()
    def _pasted(self) -> None:
        copied = QGuiApplication.clipboard().mimeData()
        self._try(lambda: self._read(pictures.from_clipboard(copied)))

    def _read(self, read: pictures.Read) -> None:
        """Have a picture read beside the screen, which would stand still for seconds at a large one."""
        self._forget_picture()
        self._reading = self._reader.submit(read)
        self._read_for = self._secret()
        self.window.show_message("info", pictures.READING)
        self._refresh()

    def _forget_picture(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
            self.window.banner.hide()

    def _secret(self) -> tuple[str, str, int]:
        wish = self.session.intent.wish
        return wish.scene, wish.target, id(wish.picture)

    def _take_picture(self) -> None:
        """Bring a picture that has been read, if the user has not chosen something else meanwhile."""
        if self._reading is not None and self._secret() != self._read_for:
            self._forget_picture()
        if self._reading is not None and self._reading.done():
            read, self._reading = self._reading, None
            self._try(lambda: self._bring(*read.result()))

    def _bring(self, name: str, picture: Pictures) -> None:
        self.session.bring(name, picture)
        if not self.session.playing:
            self.session.start()
        self.window.show_message("info", STAYS)

    # files

    @Slot()
    def _open_requested(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self.window,
            self.say(OPEN_RECORDING),
            self.settings.folder,
            f"{self.say(RECORDINGS_AND_FILES)} (*.mireplay *{SUFFIX})",
        )
        if chosen:
            self.settings.folder = str(Path(chosen).parent)
            self._file_dropped(chosen)

    def open_scene_file(self, path: Path) -> None:
        """Put a teacher's scene file on the stage, or say why it cannot be used."""
        self._forget_picture()
        if self._try(lambda: self.teacher.open(path, self.settings.language, self.settings.theme)):
            self._stand()

    @Slot()
    def _save_scene_requested(self) -> None:
        wish = self.session.intent.wish
        language, theme_now = self.presenter.language, theme.current().name

        def act() -> None:
            file = SceneFile.of(wish, language=language, theme=theme_now)
            path = self._ask_where(SAVE_SCENE_FILE, SCENE_FILES, SUFFIX)
            if path is not None:
                self._write(path, lambda: self.teacher.written(file, path).save(path), SAVED)

        self._try(act)

    def open_recording(self, path: Path) -> None:
        """Play a recording from its start, or say why it cannot be played."""
        self._forget_picture()
        if self._try(lambda: self.session.open_recording(recording.load(path))):
            self._stand()

    @Slot()
    def _save_requested(self) -> None:
        if not self._try(self.session.save):
            return
        path = self._ask_where(SAVE_RECORDING, RECORDINGS, ".mireplay")
        if path is not None:
            self.save(path)

    def save(self, path: Path) -> None:
        """Save what is on the stage as a recording."""
        kept = self.session.save()
        own = kept.config.target == OWN_PICTURE
        self._write(path, lambda: recording.save(kept, path), SAVED_OWN if own else SAVED)

    @Slot()
    def _save_page_requested(self) -> None:
        if not self._try(self.session.save):
            return
        path = self._ask_where(SAVE_PAGE, PAGES, ".pdf")
        if path is not None:
            self.save_page(path)

    def save_page(self, path: Path) -> None:
        """Save one page about what is on the stage, in the window's language."""
        from mi_studio.app.report import write_pdf
        from mi_studio.studio.report import report

        view = report(self.session, self.presenter.language)
        self._write(path, lambda: write_pdf(view, path, __version__), SAVED)

    @Slot()
    def _save_picture_requested(self) -> None:
        if not self._try(self.session.save):
            return
        main = self.session.main
        shown = self.session.shown(main)[0] if main is not None else None
        path = self._ask_where(SAVE_PICTURE, PICTURES, ".png")
        if path is not None and shown is not None:
            picture = png(shown.images)
            self._write(path, lambda: atomic.write_bytes(path, picture), SAVED)

    def _ask_where(self, title: Text, kind: Text, suffix: str) -> Path | None:
        wish = self.session.intent.wish
        proposed = Path(self.settings.folder) / f"{wish.scene}-{wish.attack}-{wish.seed}{suffix}"
        chosen, _ = QFileDialog.getSaveFileName(
            self.window, self.say(title), str(proposed), f"{self.say(kind)} (*{suffix})"
        )
        if not chosen:
            return None
        self.settings.folder = str(Path(chosen).parent)
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(suffix)

    def _write(self, path: Path, write: Callable[[], None], saved: Text) -> None:
        def act() -> None:
            try:
                write()
            except (OSError, ValueError) as error:
                raise BadFileError(CANNOT_SAVE, name=path.name, reason=reason(error)) from error

        if self._try(act):
            self.window.show_message("info", saved.filled(name=path.name))

    # pages

    @Slot(str)
    def _page_chosen(self, page: str) -> None:
        if page == "tradeoff":
            self.tradeoff.draw()
        elif page == "effects" and not self.window.effects.filled:
            self.window.effects.show_rows(effects.table(effects.shipped()))
        elif page == "desk":
            self.window.desk.show_view(desk.view(self.presenter))

    @Slot(object)
    def _outcome_opened(self, outcome: Outcome) -> None:
        """Put the run behind an outcome onto the stage, and play it."""

        def act() -> None:
            self.session.intent.adopt(outcome.config)
            self.session.start()

        if self._try(act):
            self.window.show_page("stage")

    # language and looks

    @Slot(str)
    def _language_chosen(self, language: str) -> None:
        self.settings.language = language
        self.speak(language)

    def speak(self, language: str) -> None:
        """Have the window in a language."""
        self.presenter.language = self.lessons.language = self.tradeoff.language = language
        self.talk.retranslate(language)
        qt_words.apply(_application(), language)
        self.window.retranslate(language)
        self.teacher.draw(language)
        self.exact.retranslate(language)
        self._page_chosen(self.window.page)
        self.draw()

    @Slot(str)
    def _theme_chosen(self, name: str) -> None:
        self.settings.theme = name
        self._dress(name)

    def _dress(self, name: str) -> None:
        """Have the window in a theme."""
        theme.apply(_application(), name)
        self.window.set_theme(theme.current().name)

    @Slot(bool)
    def _stillness_chosen(self, still: bool) -> None:
        self.settings.set_still(still)
        motion.apply(_application(), still)
        self.draw()


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
