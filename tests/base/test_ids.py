from __future__ import annotations

import threading
import uuid

from base.ids import new_id


def test_ids_are_uuids_of_version_7_and_sort_by_age() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {uuid.UUID(one).version for one in made[:50]} == {7}
    assert {uuid.UUID(one).variant for one in made[:50]} == {uuid.RFC_4122}


def test_an_id_carries_its_time() -> None:
    stamp = 1_675_209_600_000  # 1 February 2023
    assert uuid.UUID(new_id(stamp)).int >> 80 == stamp
    assert new_id(stamp) < new_id(stamp + 1)


def test_threads_never_make_the_same_id() -> None:
    made: list[list[str]] = [[] for _ in range(8)]

    def work(into: list[str]) -> None:
        into.extend(new_id() for _ in range(2_000))

    threads = [threading.Thread(target=work, args=(into,)) for into in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one for into in made for one in into}) == 16_000
    assert all(into == sorted(into) for into in made)
