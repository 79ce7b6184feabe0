"""The page to take away is one page, in both languages, and is written whole or not at all."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from mi_studio.app import report, theme
from mi_studio.core import paths, recording
from mi_studio.studio.report import ReportView, report_of

RECORDINGS = sorted((paths.assets() / "recordings").glob("*.mireplay"))


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.fixture(autouse=True)
def fonts(qapp: QApplication) -> None:
    theme.load_fonts(qapp)


@pytest.fixture
def page() -> ReportView:
    return report_of(recording.load(paths.assets() / "recordings" / "catalogue.mireplay"), "en")


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_shipped_recording_fits_one_page(path: Path, language: str) -> None:
    pdf = report.to_pdf(report_of(recording.load(path), language), "1.0")
    assert pdf.startswith(b"%PDF-")
    assert pages(pdf) == 1


def test_much_to_say_is_said_smaller(page: ReportView) -> None:
    wordy = replace(page, caveats=page.caveats * 4, points=page.points * 2)
    assert pages(report.to_pdf(wordy, "1.0")) == 1


def test_a_wall_is_shown_in_rows(page: ReportView) -> None:
    wall = np.zeros((60, 64, 64, 3), np.uint8)
    many = replace(page, shown=tuple(replace(shown, pictures=wall) for shown in page.shown))
    assert pages(report.to_pdf(many, "1.0")) == 1


def test_a_page_that_cannot_be_written_leaves_nothing(page: ReportView, tmp_path: Path) -> None:
    (tmp_path / "folder.pdf").mkdir()
    with pytest.raises(IsADirectoryError):
        report.write_pdf(page, tmp_path / "folder.pdf", "1.0")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.pdf"]
