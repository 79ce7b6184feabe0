from __future__ import annotations

import threading

from mi_studio.studio.mailbox import Mailbox


def test_everything_arrives_in_order() -> None:
    box: Mailbox[int] = Mailbox()
    for i in range(5):
        assert box.put(i)
    assert box.take() == [0, 1, 2, 3, 4]
    assert box.take() == []


def test_no_item_is_lost_between_threads_and_never_more_than_fit() -> None:
    box: Mailbox[int] = Mailbox(capacity=8)
    writer = threading.Thread(target=lambda: [box.put(i) for i in range(5_000)])
    writer.start()
    found: list[int] = []
    most = 0
    while len(found) < 5_000:
        batch = box.take()
        most = max(most, len(batch))
        found += batch
    writer.join(5)
    assert found == list(range(5_000))
    assert most <= 8


def test_closing_wakes_a_waiting_writer() -> None:
    box: Mailbox[int] = Mailbox(capacity=1)
    box.put(0)
    answers: list[bool] = []
    writer = threading.Thread(target=lambda: answers.append(box.put(1)))
    writer.start()
    box.close()
    writer.join(5)
    assert answers == [False]
    assert box.take() == []
    assert not box.put(2)
