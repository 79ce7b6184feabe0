"""The twelve families of parts that anybody can see; none of them is private."""

from __future__ import annotations

import numpy as np

from mi_studio.training.drawings.parts import Chance, Drawn
from mi_studio.training.drawings.private import FRONT
from mi_studio.training.drawings.sheet import Sheet, arc
from mi_studio.training.drawings.views import (
    bolt_circle,
    elevation,
    end_view,
    hidden_hole,
    hole,
    profile,
    regular,
    rounded,
    section,
)


def spacer(chance: Chance) -> Drawn:
    """Draw a spacer ring, with or without holes on its face; in section to the right."""
    outer, bore, thick = chance.of(16, 23), chance.of(5, 12), chance.of(4, 14)
    count, size = chance.among(0, 3, 4, 6), chance.of(1.2, 2.4)

    def draw(sheet: Sheet) -> None:
        end_view(sheet, FRONT, (outer, bore))
        if count:
            bolt_circle(sheet, FRONT, (outer + bore) / 2, count, size)
        left, axis = 69.0, FRONT[1]
        drilled = ((outer + bore) / 2, size, thick) if count else None
        section(sheet, left, axis, profile(left, ((thick, outer),)), profile(left, ((thick, bore),)), drilled)
        sheet.upright(axis - outer, axis + outer, left, 61.5, outer, "ø")
        sheet.across(left, left + thick, axis - outer, axis - outer - 5, thick / 2)

    return draw


def handwheel(chance: Chance) -> Drawn:
    """Draw a wheel with spokes; in section to the right."""
    outer, rim, hub, bore = chance.of(18, 23), chance.of(3, 5), chance.of(6.5, 10), chance.of(3, 5)
    spokes, width, length = chance.among(3, 4, 5, 6), chance.of(6, 10), chance.of(11, 18)

    def draw(sheet: Sheet) -> None:
        end_view(sheet, FRONT, (outer, outer - rim, hub, bore))
        for angle in 2 * np.pi * np.arange(spokes) / spokes - np.pi / 2:
            for side in (-0.9, 0.9):
                dx, dy = np.cos(angle), np.sin(angle)
                sheet.line([
                    (FRONT[0] + hub * dx - side * dy, FRONT[1] + hub * dy + side * dx),
                    (FRONT[0] + (outer - rim) * dx - side * dy, FRONT[1] + (outer - rim) * dy + side * dx),
                ])  # fmt: skip
        left, axis = 68.0, FRONT[1]
        stairs = profile(left, ((width, outer), (length - width, hub)))
        section(sheet, left, axis, stairs, profile(left, ((length, bore),)))
        sheet.upright(axis - outer, axis + outer, left + width, 92, outer, "ø")
        sheet.across(left, left + length, axis - outer, axis - outer - 5, length / 2)

    return draw


def square_flange(chance: Chance) -> Drawn:
    """Draw a square mounting with a round boss; in section to the right."""
    side, corner, boss, bore = chance.of(32, 44), chance.of(3, 8), chance.of(9, 13), chance.of(4, 8)
    size, thick, length = chance.of(1.6, 2.8), chance.of(4, 8), chance.of(11, 20)

    def draw(sheet: Sheet) -> None:
        sheet.line(rounded(FRONT, side, side, corner), closed=True)
        away = side / 2 - 5.5
        for dx in (-away, away):
            for dy in (-away, away):
                hole(sheet, (FRONT[0] + dx, FRONT[1] + dy), size)
        for radius in (boss, bore):
            sheet.circle(FRONT, radius)
        sheet.axes(FRONT, side / 2 + 2.5)
        left, axis = 68.0, FRONT[1]
        stairs = profile(left, ((thick, side / 2), (length - thick, boss)))
        section(sheet, left, axis, stairs, profile(left, ((length, bore),)))
        sheet.upright(axis - side / 2, axis + side / 2, left, 61.5, side / 2)

    return draw


def base(chance: Chance) -> Drawn:
    """Draw a base plate with slots; its side to the right."""
    width, height, thick = chance.of(36, 44), chance.of(24, 44), chance.of(4, 9)
    slots, wide, inset = chance.among(2, 3), chance.of(3, 5), chance.of(6, 9)

    def draw(sheet: Sheet) -> None:
        x, y = FRONT
        sheet.rectangle(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        for at in np.linspace(-width / 2 + inset, width / 2 - inset, slots):
            sheet.line(rounded((x + at, y), wide, height * 0.55, wide / 2 - 0.01), closed=True)
        sheet.axes(FRONT, width / 2 + 2.5, height / 2 + 2.5)
        left, top = 70.0, y - height / 2
        sheet.rectangle(left, top, left + thick, top + height)
        hidden_hole(sheet, left, left + thick, y, height * 0.275)
        sheet.upright(top, top + height, left + thick, left + thick + 7, height / 2)
        sheet.across(x - width / 2, x + width / 2, y + height / 2, min(y + height / 2 + 6, 76), width / 2)

    return draw


def channel(chance: Chance) -> Drawn:
    """Draw a U-shaped clip: from the front, its shape from the right, and from above."""
    width, height, deep = chance.of(26, 38), chance.of(20, 34), chance.of(14, 22)
    thick, size = chance.of(3, 5.5), chance.of(2.2, 4)

    def draw(sheet: Sheet) -> None:
        x, y, left = 30.0, 54.0, 64.0
        top, bottom = y - height / 2, y + height / 2
        sheet.rectangle(x - width / 2, top, x + width / 2, bottom)
        hole(sheet, (x, y), size)
        for edge in (top + thick, bottom - thick):
            sheet.line([(x - width / 2, edge), (x + width / 2, edge)], "hidden")
        upper = [(left, -height), (left + deep, -height), (left + deep, thick * 2 - height)]
        upper.append((left + thick, thick * 2 - height))
        shape = [(a, y + side * b / 2) for side in (1, -1) for a, b in upper[::side]]
        sheet.line(shape, closed=True)
        hidden_hole(sheet, left, left + thick, y, size)
        above = top - 6 - deep
        sheet.rectangle(x - width / 2, above, x + width / 2, above + deep)
        sheet.upright(top, bottom, left + deep, left + deep + 6, height / 2)

    return draw


def block(chance: Chance) -> Drawn:
    """Draw a bearing block: an arch on a foot with two bolt holes; its side to the right."""
    radius, bore, foot = chance.of(10, 13), chance.of(5, 7.5), chance.of(36, 46)
    high, thick, deep = chance.of(15, 20), chance.of(5, 8), chance.of(12, 20)

    def draw(sheet: Sheet) -> None:
        x, y = 32.0, 38.0
        ground = y + high
        sheet.line([
            (x - foot / 2, ground), (x - foot / 2, ground - thick), (x - radius, ground - thick),
            *arc((x, y), radius, np.pi, 2 * np.pi),
            (x + radius, ground - thick), (x + foot / 2, ground - thick), (x + foot / 2, ground),
        ], closed=True)  # fmt: skip
        hole(sheet, (x, y), bore)
        for dx in (-1, 1):
            at = x + dx * (foot / 2 + radius) / 2
            for edge in (-1.3, 1.3):
                sheet.line([(at + edge, ground - thick), (at + edge, ground)], "hidden")
            sheet.line([(at, ground - thick - 2), (at, ground + 2)], "centre")
        left = 66.0
        sheet.rectangle(left, y - radius, left + deep, ground)
        sheet.line([(left, ground - thick), (left + deep, ground - thick)])
        hidden_hole(sheet, left, left + deep, y, bore)
        sheet.across(x - foot / 2, x + foot / 2, ground, ground + 8, foot / 2)
        sheet.upright(y, ground, left + deep, left + deep + 6, high / 2)

    return draw


def nut(chance: Chance) -> Drawn:
    """Draw a hexagon nut from its end and, to the right, from its side."""
    head, bore, thick = chance.of(14, 22), chance.of(5, 9), chance.of(10, 22)

    def draw(sheet: Sheet) -> None:
        sheet.line(regular(FRONT, head, 6), closed=True)
        for radius in (head * 0.86, bore):
            sheet.circle(FRONT, radius)
        sheet.line(arc(FRONT, bore + 1.6, 0, 1.5 * np.pi), "thin")
        sheet.axes(FRONT, head + 2.5)
        left, axis, tall = 65.0, FRONT[1], head * 0.866
        sheet.rectangle(left, axis - tall, left + thick, axis + tall)
        for side in (-1, 1):
            sheet.line([(left, axis + side * tall / 2), (left + thick, axis + side * tall / 2)])
        hidden_hole(sheet, left, left + thick, axis, bore)
        sheet.across(left, left + thick, axis - tall, axis - tall - 5, thick / 2)
        sheet.upright(axis - tall, axis + tall, left + thick, min(left + thick + 6, 92), tall)

    return draw


def pin(chance: Chance) -> Drawn:
    """Draw a round-headed pin with a split-pin hole; its head from the end, to the left."""
    head, thick, radius = chance.of(8, 14), chance.of(3.5, 7), chance.of(4, 7)
    length, at = chance.of(32, 42), chance.of(0.65, 0.9)

    def draw(sheet: Sheet) -> None:
        end, axis, left = (22.0, 42.0), 42.0, 39.0
        end_view(sheet, end, (head,), hidden=(radius,))
        elevation(sheet, left, axis, ((thick, head), (length, radius)), chamfer=1.2)
        hole(sheet, (left + thick + at * length, axis), 1.6)
        sheet.across(left + thick, left + thick + length, axis + radius, 66, length / 2)
        sheet.upright(
            axis - radius, axis + radius, left + thick + length, left + thick + length + 5, radius, "ø"
        )

    return draw


def spool(chance: Chance) -> Drawn:
    """Draw a spool: a drum between two rims, in section; its end to the right."""
    rim, drum, bore = chance.of(12, 19), chance.of(7, 11), chance.of(3, 6)
    length, left_rim, right_rim = chance.of(26, 40), chance.of(3, 7), chance.of(3, 7)

    def draw(sheet: Sheet) -> None:
        left, axis = 9.0, 42.0
        stairs = profile(left, ((left_rim, rim), (length - left_rim - right_rim, drum), (right_rim, rim)))
        section(sheet, left, axis, stairs, profile(left, ((length, bore),)))
        end_view(sheet, (72, axis), (rim, bore), hidden=(drum,))
        sheet.across(left, left + length, axis + rim, 69, length / 2)

    return draw


def roller(chance: Chance) -> Drawn:
    """Draw a roller with two journals from its side; its end to the right."""
    body, journal, second = chance.of(8, 14), chance.of(3, 6), chance.of(3, 6)
    length, share, other = chance.of(44, 52), chance.of(0.15, 0.32), chance.of(0.15, 0.32)

    def draw(sheet: Sheet) -> None:
        left, axis = 8.5, 40.0
        steps = ((length * share, journal), (length * (1 - share - other), body), (length * other, second))
        elevation(sheet, left, axis, steps, chamfer=1.2)
        end_view(sheet, (77, axis), (body, second))
        sheet.across(left, left + length, axis + journal, 62, length / 2)
        sheet.across(left, left + length * share, axis - journal, 21, length * share / 2)

    return draw


def lever(chance: Chance) -> Drawn:
    """Draw a lever between two eyes; from above, over it."""
    long, big, small = chance.of(36, 50), chance.of(8, 12), chance.of(5, 8)
    bore, eye, thick = chance.of(3.5, 6), chance.of(2, 3.6), chance.of(5, 9)

    def draw(sheet: Sheet) -> None:
        x, y, above = 26.0, 56.0, 26.0
        tilt = np.arcsin((big - small) / long)
        outline = [
            *arc((x, y), big, np.pi / 2 - tilt, 3 * np.pi / 2 + tilt),
            *arc((x + long, y), small, -np.pi / 2 + tilt, np.pi / 2 - tilt),
        ]
        sheet.line(outline, closed=True)
        hole(sheet, (x, y), bore)
        hole(sheet, (x + long, y), eye)
        sheet.line([(x - big - 3, y), (x + long + small + 3, y)], "centre")
        sheet.rectangle(x - big, above - thick / 2, x + long + small, above + thick / 2)
        for at, radius in ((x, bore), (x + long, eye)):
            for edge in (-radius, radius):
                sheet.line([(at + edge, above - thick / 2), (at + edge, above + thick / 2)], "hidden")
            sheet.line([(at, above - thick / 2 - 2), (at, above + thick / 2 + 2)], "centre")
        sheet.across(x, x + long, above - thick / 2, above - thick / 2 - 6, long / 2)

    return draw


def ratchet(chance: Chance) -> Drawn:
    """Draw a ratchet wheel: saw teeth and a bore; in section to the right."""
    outer, depth, bore = chance.of(17, 23), chance.of(3, 5), chance.of(3.5, 7)
    teeth, width, hub, length = (
        chance.among(10, 12, 15, 18),
        chance.of(5, 9),
        chance.of(8, 11),
        chance.of(9, 16),
    )

    def draw(sheet: Sheet) -> None:
        step = 2 * np.pi / teeth
        rim = [
            (FRONT[0] + r * np.cos((i + a) * step), FRONT[1] + r * np.sin((i + a) * step))
            for i in range(teeth)
            for a, r in ((0.0, outer - depth), (0.06, outer), (0.35, outer - depth * 0.3))
        ]
        sheet.line(rim, closed=True)
        for radius in (hub, bore):
            sheet.circle(FRONT, radius)
        sheet.axes(FRONT, outer + 2.5)
        left, axis = 69.0, FRONT[1]
        stairs = profile(left, ((width, outer), (length - width, hub)))
        section(sheet, left, axis, stairs, profile(left, ((length, bore),)))
        sheet.upright(axis - outer, axis + outer, left, 61.5, outer, "ø")

    return draw
