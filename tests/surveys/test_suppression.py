from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.suppression import hide, hide_cells, too_few

SECTORS = frozenset({"care", "wood"})
COUNTS = st.integers(0, 12)
TREES = st.lists(st.lists(COUNTS, min_size=1, max_size=5), min_size=1, max_size=4)


def test_nobody_is_nothing_to_hide() -> None:
    assert [too_few(count, 5) for count in (0, 1, 4, 5)] == [False, True, True, False]


def test_a_single_hidden_company_takes_another_with_it() -> None:
    found = hide({"care": {"a": 2, "b": 9, "c": 6}, "wood": {"d": 7}}, 5)
    assert (found.total, found.parts, found.leaves) == (False, frozenset(), frozenset("ac"))


def test_a_small_sector_takes_another_with_it() -> None:
    found = hide({"care": {"a": 2}, "wood": {"d": 7}, "metal": {"e": 20, "f": 6}}, 5)
    assert (found.total, found.parts, found.leaves) == (False, SECTORS, frozenset("ad"))


def test_too_few_in_all_hide_everything() -> None:
    found = hide({"care": {"a": 2}, "wood": {"d": 2}}, 5)
    assert (found.total, found.parts, found.leaves) == (True, SECTORS, frozenset("ad"))


@settings(max_examples=100)
@given(lists=TREES, threshold=st.integers(2, 8))
def test_no_difference_of_shown_figures_is_of_too_few(
    lists: list[list[int]], threshold: int
) -> None:
    tree = {
        f"s{at}": {f"s{at}c{n}": many for n, many in enumerate(one)} for at, one in enumerate(lists)
    }
    found = hide(tree, threshold)
    size = {part: sum(leaves.values()) for part, leaves in tree.items()}
    shown = {part for part in tree if part not in found.parts}
    if found.total:
        assert 0 < sum(size.values()) < threshold
        return
    for part in shown:
        assert not too_few(size[part], threshold)
        left = sum(many for leaf, many in tree[part].items() if leaf in found.leaves)
        assert not too_few(left, threshold)
    assert not too_few(sum(size[part] for part in found.parts), threshold)
    for part in found.parts:
        assert set(tree[part]) <= found.leaves
    for leaves in tree.values():
        for leaf, many in leaves.items():
            assert leaf in found.leaves or not too_few(many, threshold)


@settings(max_examples=60)
@given(
    cells=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(COUNTS, min_size=width, max_size=width), min_size=1,
                               max_size=4)
    ),
    threshold=st.integers(2, 6),
)  # fmt: skip
def test_no_total_of_a_table_gives_a_cell_away(cells: list[list[int]], threshold: int) -> None:
    hidden = hide_cells(cells, threshold)
    for row, line in enumerate(cells):
        for column, many in enumerate(line):
            assert (row, column) in hidden or not too_few(many, threshold)
    lines = [[(r, c) for c in range(len(cells[0]))] for r in range(len(cells))]
    lines += [[(r, c) for r in range(len(cells))] for c in range(len(cells[0]))]
    for places in lines:
        there = [place for place in places if place in hidden]
        together = sum(cells[r][c] for r, c in there)
        assert not there or len(there) == len(places) or (len(there) > 1 and together >= threshold)
