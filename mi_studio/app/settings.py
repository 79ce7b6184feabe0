"""What the program remembers from one start to the next."""

from __future__ import annotations

import math

from PySide6.QtCore import QByteArray, QCoreApplication, QLocale, QSettings

from mi_studio.app.theme import THEMES, ZOOMS
from mi_studio.app.widgets.timeline import SPEEDS
from mi_studio.core.text import LANGUAGES


class Settings:
    """Language, theme, zoom, motion, speed, scene, folder, lessons, welcome and the window's place.

    Nonsense in the file is ignored.
    """

    def __init__(self) -> None:
        QCoreApplication.setOrganizationName("MI Studio")
        QCoreApplication.setApplicationName("mi-studio")
        self._store = QSettings(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, "MI Studio", "mi-studio"
        )

    @property
    def language(self) -> str:
        """The chosen language, else the system's if it is one of ours, else English."""
        system = "ja" if QLocale.system().language() == QLocale.Language.Japanese else "en"
        return self._word("language", LANGUAGES, system)

    @language.setter
    def language(self, language: str) -> None:
        self._store.setValue("language", language)

    @property
    def theme(self) -> str:
        """The chosen theme, else the system's."""
        return self._word("theme", THEMES, "system")

    @theme.setter
    def theme(self, theme: str) -> None:
        self._store.setValue("theme", theme)

    def still(self, otherwise: bool) -> bool:
        """Whether motion shall be reduced: as chosen, else ``otherwise``."""
        kept = self._word("motion", ("reduced", "full"), "")
        return kept == "reduced" if kept else otherwise

    def set_still(self, still: bool) -> None:
        """Keep whether motion shall be reduced."""
        self._store.setValue("motion", "reduced" if still else "full")

    @property
    def zoom(self) -> float:
        """How large everything is wanted."""
        kept = str(self._store.value("zoom", ""))
        return next((z for z in ZOOMS if str(z) == kept), 1.0)

    @zoom.setter
    def zoom(self, zoom: float) -> None:
        self._store.setValue("zoom", str(zoom))

    @property
    def speed(self) -> float:
        """How fast it goes; never as fast as it can, or the opening film would be over at once."""
        kept = str(self._store.value("speed", ""))
        return next((s for s in SPEEDS if str(s) == kept and math.isfinite(s)), 1.0)

    @speed.setter
    def speed(self, speed: float) -> None:
        self._store.setValue("speed", str(speed))

    @property
    def scene(self) -> str:
        """The scene that was open last, or an empty text."""
        return str(self._store.value("scene", "") or "")

    @scene.setter
    def scene(self, scene: str) -> None:
        self._store.setValue("scene", scene)

    @property
    def folder(self) -> str:
        """Where a file was opened or saved last."""
        return str(self._store.value("folder", "") or "")

    @folder.setter
    def folder(self, folder: str) -> None:
        self._store.setValue("folder", folder)

    @property
    def lessons(self) -> str:
        """How far the learner is in the lessons, as `Course.kept` wrote it."""
        return str(self._store.value("lessons", "") or "")

    @lessons.setter
    def lessons(self, kept: str) -> None:
        self._store.setValue("lessons", kept)

    @property
    def welcomed(self) -> bool:
        """Whether the tour was offered before."""
        return self._word("welcomed", ("yes",), "") == "yes"

    @welcomed.setter
    def welcomed(self, welcomed: bool) -> None:
        self._store.setValue("welcomed", "yes" if welcomed else "")

    @property
    def geometry(self) -> QByteArray:
        """The window's place, empty at first."""
        kept = self._store.value("geometry")
        return kept if isinstance(kept, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._store.setValue("geometry", geometry)

    def save(self) -> None:
        """Write everything to the file now."""
        self._store.sync()

    def _word(self, name: str, valid: object, otherwise: str) -> str:
        kept = self._store.value(name)
        return kept if isinstance(kept, str) and kept in valid else otherwise  # type: ignore[operator]
