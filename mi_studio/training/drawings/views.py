"""Views that families of parts share: ends and sections of what is turned, plates with holes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from mi_studio.training.drawings.sheet import Point, Sheet, arc

Steps = Sequence[tuple[float, float]]
"""Lengths along an axis, each with the radius there."""


def end_view(sheet: Sheet, centre: Point, radii: Sequence[float], hidden: Sequence[float] = ()) -> None:
    """Draw something turned as seen along its axis: circles and centre lines."""
    for radius in radii:
        sheet.circle(centre, radius)
    for radius in hidden:
        sheet.circle(centre, radius, "hidden")
    sheet.axes(centre, max(radii) + 2.5)


def bolt_circle(
    sheet: Sheet, centre: Point, radius: float, count: int, hole: float, first: float = 0.0
) -> None:
    """Draw equal holes on a circle, ``first`` radians from the top."""
    sheet.circle(centre, radius, "centre")
    for angle in first - np.pi / 2 + 2 * np.pi * np.arange(count) / count:
        sheet.circle((centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)), hole)


def profile(left: float, steps: Steps) -> list[Point]:
    """Return the stairs ``(x, radius)`` of steps that begin at ``left``."""
    points = []
    for length, radius in steps:
        points += [(left, radius), (left + length, radius)]
        left += length
    return points


def section(
    sheet: Sheet,
    left: float,
    axis: float,
    outer: Sequence[Point],
    bore: Sequence[Point],
    drilled: tuple[float, float, float] | None = None,
) -> None:
    """Draw a full section through the axis: both cut halves hatched, and the bore's edges behind.

    Parameters
    ----------
    outer, bore
        Stairs ``(x, radius)`` from left to right.
    drilled
        Holes along the axis through the first length: their distance from it, radius and depth.
    """
    for side in (-1, 1):
        cut = [(x, axis + side * r) for x, r in [*outer, *reversed(bore)]]
        holes = []
        if drilled:
            away, radius, depth = drilled
            near, far = axis + side * (away - radius), axis + side * (away + radius)
            holes.append([(left, near), (left + depth, near), (left + depth, far), (left, far)])
            middle = axis + side * away
            sheet.line([(left - 2, middle), (left + depth + 2, middle)], "centre")
        sheet.hatch(cut, *holes)
        for outline in (cut, *holes):
            sheet.line(outline, closed=True)
    ends = {bore[0], bore[-1], *(p for p, q in pairwise(bore) if p[0] == q[0])}
    for x, radius in ends:
        sheet.line([(x, axis - radius), (x, axis + radius)])
    sheet.line([(left - 3, axis), (max(x for x, _ in outer) + 3, axis)], "centre")


def elevation(
    sheet: Sheet, left: float, axis: float, steps: Steps, chamfer: float = 0.0, bore: float = 0.0
) -> None:
    """Draw something turned from its side: its outline, an edge at every step, hidden bore."""
    stairs = profile(left, steps)
    right = stairs[-1][0]
    if chamfer:
        (x0, r0), (x1, r1) = stairs[0], stairs[-1]
        stairs = [
            (x0, r0 - chamfer),
            (x0 + chamfer, r0),
            *stairs[1:-1],
            (x1 - chamfer, r1),
            (x1, r1 - chamfer),
        ]
    sheet.line(
        [*((x, axis - r) for x, r in stairs), *((x, axis + r) for x, r in reversed(stairs))], closed=True
    )
    edge = left
    for (length, radius), (_, following) in pairwise(steps):
        edge += length
        reach = max(radius, following)
        sheet.line([(edge, axis - reach), (edge, axis + reach)])
    if chamfer:
        for x, r in ((left + chamfer, steps[0][1]), (right - chamfer, steps[-1][1])):
            sheet.line([(x, axis - r), (x, axis + r)])
    if bore:
        for side in (-1, 1):
            sheet.line([(left, axis + side * bore), (right, axis + side * bore)], "hidden")
    sheet.line([(left - 3, axis), (right + 3, axis)], "centre")


def rounded(centre: Point, width: float, height: float, corner: float) -> list[Point]:
    """Return the outline of a plate with rounded corners."""
    x, y = width / 2 - corner, height / 2 - corner
    turns = ((x, y, 0), (-x, y, 1), (-x, -y, 2), (x, -y, 3))
    return [
        point
        for dx, dy, quarter in turns
        for point in arc(
            (centre[0] + dx, centre[1] + dy), corner, quarter * np.pi / 2, (quarter + 1) * np.pi / 2
        )
    ]


def regular(centre: Point, radius: float, corners: int, first: float = 0.0) -> list[Point]:
    """Return the corners of a regular polygon, ``first`` radians from the right."""
    angles = first + 2 * np.pi * np.arange(corners) / corners
    return [(centre[0] + radius * np.cos(a), centre[1] + radius * np.sin(a)) for a in angles]


def hole(sheet: Sheet, centre: Point, radius: float) -> None:
    """Draw a hole with its centre lines."""
    sheet.circle(centre, radius)
    sheet.axes(centre, radius + 1.6)


def hidden_hole(sheet: Sheet, left: float, right: float, axis: float, radius: float) -> None:
    """Draw a hole from its side: two hidden edges and its centre line."""
    for side in (-1, 1):
        sheet.line([(left, axis + side * radius), (right, axis + side * radius)], "hidden")
    sheet.line([(left - 2, axis), (right + 2, axis)], "centre")
