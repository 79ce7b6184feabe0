"""The eight families of parts that are private. Each takes chance and returns what draws one part."""

from __future__ import annotations

import numpy as np

from mi_studio.training.drawings.parts import Chance, Drawn
from mi_studio.training.drawings.sheet import Point, Sheet
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

FRONT: Point = (32.0, 42.0)
"""Centre of the front view, where there is a view to the right of it."""


def flange(chance: Chance) -> Drawn:
    """Draw a pipe flange: bolt circle, hub and bore; in section to the right."""
    outer, hub, bore = chance.of(18, 23), chance.of(9.5, 12), chance.of(4, 8)
    thick, length, count = chance.of(4, 8), chance.of(12, 20), chance.among(4, 6, 8)
    size, pitch = chance.of(1.4, 2.3), (outer + hub) / 2

    def draw(sheet: Sheet) -> None:
        end_view(sheet, FRONT, (outer, hub, bore))
        bolt_circle(sheet, FRONT, pitch, count, size)
        left, axis = 68.0, FRONT[1]
        stairs = profile(left, ((thick, outer), (length - thick, hub)))
        section(sheet, left, axis, stairs, profile(left, ((length, bore),)), (pitch, size, thick))
        sheet.upright(axis - outer, axis + outer, left, 61.5, outer, "ø")
        sheet.across(left, left + length, axis - outer, axis - outer - 5, length / 2)

    return draw


def shaft(chance: Chance) -> Drawn:
    """Draw a stepped shaft with a keyway; its end to the right."""
    count = chance.among(3, 4, 5)
    radii = [chance.of(4.5, 8) for _ in range(count)]
    radii[count // 2] = chance.of(9, 13)
    shares = np.array([chance.of(1, 2.4) for _ in range(count)])
    lengths = shares / shares.sum() * chance.of(44, 52)
    key = chance.among(0, count - 1)

    def draw(sheet: Sheet) -> None:
        left, axis = 8.5, 40.0
        steps = list(zip(lengths, radii, strict=True))
        elevation(sheet, left, axis, steps, chamfer=1.2)
        start = left + float(lengths[:key].sum())
        slot = rounded((start + lengths[key] / 2, axis), lengths[key] * 0.6, 3.4, 1.6)
        sheet.line(slot, closed=True)
        end_view(sheet, (77, axis), sorted({radii[-1], max(radii)}))
        right = left + float(lengths.sum())
        sheet.across(left, right, axis + max(radii[0], radii[-1]), 62, float(lengths.sum()) / 2)
        first = left + float(lengths[0])
        sheet.across(left, first, axis - radii[0], 21, float(lengths[0]) / 2)

    return draw


def bracket(chance: Chance) -> Drawn:
    """Draw an angle bracket: holes from the front, the angle from the right, the foot from above."""
    width, height, foot = chance.of(26, 38), chance.of(26, 34), chance.of(14, 22)
    thick, size, pair = chance.of(3.5, 6), chance.of(2.2, 3.6), chance.among(1, 2)

    def draw(sheet: Sheet) -> None:
        x, y = 30.0, 54.0
        top, bottom = y - height / 2, y + height / 2
        sheet.rectangle(x - width / 2, top, x + width / 2, bottom)
        sheet.line([(x - width / 2, bottom - thick), (x + width / 2, bottom - thick)], "hidden")
        where = [0.0] if pair == 1 else [-width / 4, width / 4]
        for dx in where:
            hole(sheet, (x + dx, top + height * 0.36), size)
        left = 64.0
        corner = [
            (left, top), (left + thick, top), (left + thick, bottom - thick), (left + foot, bottom - thick),
            (left + foot, bottom), (left, bottom),
        ]  # fmt: skip
        sheet.line(corner, closed=True)
        hidden_hole(sheet, left, left + thick, top + height * 0.36, size)
        above = top - 6 - foot
        sheet.rectangle(x - width / 2, above, x + width / 2, above + foot)
        sheet.line([(x - width / 2, above + foot - thick), (x + width / 2, above + foot - thick)])
        sheet.upright(top, bottom, left + foot, left + foot + 6, height / 2)
        sheet.across(left, left + foot, top, top - 6, foot / 2)

    return draw


def gear(chance: Chance) -> Drawn:
    """Draw a spur gear: teeth, pitch circle, bore with keyway; in section to the right."""
    teeth = chance.among(12, 14, 16, 18, 20)
    outer, depth, bore = chance.of(18, 23), chance.of(3.2, 4.4), chance.of(4, 7)
    width, hub, length = chance.of(7, 10), chance.of(8.5, 11), chance.of(11, 17)

    def draw(sheet: Sheet) -> None:
        root, pitch = outer - depth, outer - depth * 0.45
        step = 2 * np.pi / teeth
        rim = [
            (FRONT[0] + r * np.cos(i * step + a * step), FRONT[1] + r * np.sin(i * step + a * step))
            for i in range(teeth)
            for a, r in ((-0.27, root), (-0.12, outer), (0.12, outer), (0.27, root), (0.5, root))
        ]
        sheet.line(rim, closed=True)
        sheet.circle(FRONT, pitch, "centre")
        sheet.circle(FRONT, bore)
        sheet.rectangle(FRONT[0] - 1.4, FRONT[1] - bore - 2, FRONT[0] + 1.4, FRONT[1] - bore + 0.6)
        sheet.axes(FRONT, outer + 2.5)
        left, axis = 69.0, FRONT[1]
        # teeth are not hatched
        stairs = profile(left, ((width, root), (length - width, hub)))
        section(sheet, left, axis, stairs, profile(left, ((length, bore),)))
        for side in (-1, 1):
            sheet.rectangle(left, axis + side * root, left + width, axis + side * outer)
            sheet.line([(left - 2, axis + side * pitch), (left + width + 2, axis + side * pitch)], "centre")
        sheet.upright(axis - outer, axis + outer, left + width, 92, outer, "ø")
        sheet.across(left, left + width, axis - outer, axis - outer - 5, width / 2)

    return draw


def bushing(chance: Chance) -> Drawn:
    """Draw a flanged bushing: in section, its end to the right."""
    outer, collar, bore = chance.of(9, 13), chance.of(14, 18), chance.of(4.5, 8)
    length, rim, relief = chance.of(24, 36), chance.of(4, 7), chance.among(0, 1)

    def draw(sheet: Sheet) -> None:
        left, axis = 14.0, 42.0
        stairs = profile(left, ((rim, collar), (length - rim, outer)))
        wide = min(bore + 2, outer - 1.5)
        inner = (
            ((length * 0.35, bore), (length * 0.3, wide), (length * 0.35, bore))
            if relief
            else ((length, bore),)
        )
        section(sheet, left, axis, stairs, profile(left, inner))
        end_view(sheet, (73, axis), (collar, outer, bore))
        sheet.across(left, left + length, axis + collar, 68, length / 2)
        sheet.upright(axis - outer, axis + outer, left + length, left + length + 6, outer, "ø")

    return draw


def bolt(chance: Chance) -> Drawn:
    """Draw a hexagon head bolt from its side; the head from its end, to the left."""
    head, thick, radius = chance.of(10, 14), chance.of(6, 9), chance.among(4.0, 5.0, 6.0)
    length, threaded = chance.of(32, 43), chance.of(0.35, 0.75)

    def draw(sheet: Sheet) -> None:
        end, axis, left = (22.0, 42.0), 42.0, 39.0
        sheet.line(regular(end, head, 6), closed=True)
        sheet.circle(end, head * 0.86)
        sheet.axes(end, head + 2.5)
        tall = head * 0.866
        start, tip = left + thick, left + thick + length
        sheet.line(
            [(left + 1.2, axis - tall), (start, axis - tall), (start, axis + tall), (left + 1.2, axis + tall),
             (left, axis + tall - 2), (left, axis - tall + 2)],
            closed=True,
        )  # fmt: skip
        for side in (-1, 1):
            sheet.line([(left, axis + side * tall / 2), (left + thick, axis + side * tall / 2)])
        thread = tip - threaded * length
        upper = [(start, -radius), (tip - 1.5, -radius), (tip, 1.5 - radius)]
        sheet.line([(x, axis + side * y) for side in (1, -1) for x, y in upper[::side]])
        for x in (thread, tip - 1.5):
            sheet.line([(x, axis - radius), (x, axis + radius)])
        for side in (-1, 1):
            root = axis + side * radius * 0.72
            sheet.line([(thread, root), (tip - 1.5, root)], "thin")
        sheet.line([(left - 3, axis), (tip + 3, axis)], "centre")
        sheet.across(start, tip, axis + radius, 66, length / 2)
        sheet.note(((thread + tip) / 2, axis - radius), ((thread + tip) / 2 - 5, 27), radius, "M")

    return draw


def pulley(chance: Chance) -> Drawn:
    """Draw a V-belt pulley: rim, web and hub; the grooves in section to the right."""
    outer, grooves, bore = chance.of(19, 23), chance.among(1, 2, 3), chance.of(3.5, 6)
    depth, hub, web = chance.of(4, 5.5), chance.of(7.5, 10), chance.among(0, 4, 5)

    def draw(sheet: Sheet) -> None:
        end_view(sheet, FRONT, (outer, outer - depth - 2.2, hub, bore), hidden=(outer - depth,))
        if web:
            middle = (outer - depth - 2.2 + hub) / 2
            bolt_circle(sheet, FRONT, middle, web, (outer - depth - 2.2 - hub) * 0.3)
        left, axis, pitch = 68.0, FRONT[1], 6.2
        stairs = [(left, outer)]
        for groove in range(grooves):
            x = left + 1.2 + groove * pitch
            stairs += [
                (x, outer),
                (x + 1.6, outer - depth),
                (x + pitch - 2.8, outer - depth),
                (x + pitch - 1.2, outer),
            ]
        width = grooves * pitch + 1.2
        stairs.append((left + width, outer))
        section(sheet, left, axis, stairs, profile(left, ((width, bore),)))
        sheet.upright(axis - outer, axis + outer, left, 61.5, outer, "ø")
        sheet.across(left, left + width, axis - outer, axis - outer - 5, width / 2)

    return draw


def cover(chance: Chance) -> Drawn:
    """Draw a rectangular cover with corner holes and an opening; its side to the right."""
    width, height = chance.of(36, 44), chance.of(28, 46)
    corner, size, inset = chance.of(3, 6), chance.of(1.5, 2.6), chance.of(4.8, 6.5)
    shape, opening, thick = chance.among("round", "long", "square"), chance.of(6, 9.5), chance.of(4, 9)

    def draw(sheet: Sheet) -> None:
        sheet.line(rounded(FRONT, width, height, corner), closed=True)
        x, y = FRONT
        for dx in (-1, 1):
            for dy in (-1, 1):
                hole(sheet, (x + dx * (width / 2 - inset), y + dy * (height / 2 - inset)), size)
        if shape == "round":
            sheet.circle(FRONT, opening)
        else:
            high = opening if shape == "long" else opening * 1.8
            sheet.line(rounded(FRONT, opening * 2, high, opening / 2 if shape == "long" else 1), closed=True)
        sheet.axes(FRONT, width / 2 + 2.5, height / 2 + 2.5)
        left, top = 70.0, y - height / 2
        sheet.rectangle(left, top, left + thick, top + height)
        for dy in (-1, 1):
            hidden_hole(sheet, left, left + thick, y + dy * (height / 2 - inset), size)
        half = opening / 2 if shape == "long" else opening * 0.9 if shape == "square" else opening
        hidden_hole(sheet, left, left + thick, y, half)
        sheet.upright(top, top + height, left + thick, left + thick + 7, height / 2)
        sheet.across(x - width / 2, x + width / 2, y + height / 2, min(y + height / 2 + 6, 76), width / 2)

    return draw
