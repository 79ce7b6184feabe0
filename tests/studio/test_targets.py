from __future__ import annotations

import numpy as np

from mi_studio.core.cards import Target, library
from mi_studio.core.config import ALL_TARGETS
from mi_studio.core.text import Text
from mi_studio.studio import targets


def person(label: int) -> Target:
    return Target(f"person-{label}", Text(f"Person {label}", f"人物{label}"), (label,))


PEOPLE = tuple(person(i) for i in range(12))
EIGHT = Target("eight", Text("Eight", "8人"), (7, 2, 9))


def test_a_target_stands_for_its_members_in_the_order_of_their_pictures() -> None:
    group = (*PEOPLE, EIGHT)
    assert targets.members(group, "person-3") == (PEOPLE[3],)
    assert targets.members(group, "eight") == (PEOPLE[2], PEOPLE[7], PEOPLE[9])
    assert targets.members(group, ALL_TARGETS) == PEOPLE
    assert targets.members(group, "somebody") == ()


def test_a_person_has_a_portrait_to_choose_by_and_a_private_photo_as_the_secret() -> None:
    portrait = targets.thumbnail("face-login", PEOPLE[:1])
    photo = targets.secret("face-login", PEOPLE[:1])
    assert portrait is not None
    assert photo is not None
    assert portrait.shape == (1, 128, 128, 3)
    assert photo.shape == (1, 64, 64, 3)
    others = [targets.thumbnail("face-login", (p,)) for p in PEOPLE[1:]]
    assert not any(np.array_equal(portrait, o) for o in others if o is not None)


def test_several_people_have_a_mosaic_to_choose_by_and_a_photo_each() -> None:
    mosaic = targets.thumbnail("face-login", PEOPLE)
    assert mosaic is not None
    assert mosaic.shape == (1, 256, 256, 3)
    for i, (top, left) in enumerate(((0, 0), (0, 128), (128, 0), (128, 128))):
        one = targets.thumbnail("face-login", (PEOPLE[i],))
        assert one is not None
        assert np.array_equal(mosaic[0, top : top + 128, left : left + 128], one[0])
    photos = targets.secret("face-login", PEOPLE)
    assert photos is not None
    assert photos.shape == (12, 64, 64, 3)


def test_no_picture_is_made_up() -> None:
    nobody = Target("nobody", Text("Nobody", "なし"), (99,))
    assert targets.secret("face-login", (PEOPLE[0], nobody)) is None
    assert targets.thumbnail("face-login", (nobody,)) is None
    assert targets.secret("nowhere", PEOPLE) is None
    assert targets.secret("face-login", ()) is None


def test_every_target_of_every_scene_has_pictures() -> None:
    for scene in library().scenes:
        for group in scene.targets.values():
            for target in group:
                found = targets.members(group, target.id)
                assert targets.thumbnail(scene.id, found) is not None, target.id
                assert targets.secret(scene.id, found) is not None, target.id
