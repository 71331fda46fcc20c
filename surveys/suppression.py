"""What is too few to be shown, and what would give it away.

A figure of fewer people than the threshold is hidden. Where figures are parts of a whole that is
shown (companies of a sector, sectors of all trainers), one hidden part is the whole less the
others: then further parts are hidden, the smallest first, until what can be worked out covers as
many people as the threshold asks, or nobody. See docs/decisions/1022.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What is not shown."""

    total: bool
    #: Names of parts (sectors), and of parts of parts (companies).
    parts: frozenset[str]
    leaves: frozenset[str]


def too_few(count: int, threshold: int) -> bool:
    """Whether so many people are some, and not enough. Nobody is nothing to hide."""
    return 0 < count < threshold


def hide(
    tree: Mapping[str, Mapping[str, int]], threshold: int, hidden: Collection[str] = ()
) -> Hidden:
    """What is hidden of a whole with its parts and their parts.

    Arguments:
        tree: part -> leaf -> how many people. A leaf's name is unique.
        threshold: the fewest that are shown.
        hidden: leaves that are hidden already, for another reason.
    """
    out = {
        part: {leaf for leaf, n in leaves.items() if too_few(n, threshold) or leaf in hidden}
        for part, leaves in tree.items()
    }
    size = {part: sum(leaves.values()) for part, leaves in tree.items()}
    shown = {part for part in tree if not too_few(size[part], threshold)}
    total = sum(size.values())
    for part in sorted(tree):
        if part in shown:
            out[part] |= _more(tree[part], out[part], threshold)
        else:
            out[part] = set(tree[part])
    if too_few(total, threshold):
        every = {leaf for leaves in tree.values() for leaf in leaves}
        return Hidden(total=True, parts=frozenset(tree), leaves=frozenset(every))
    # What is left of the whole when the parts that are shown are taken away.
    while too_few(sum(size[part] for part in tree if part not in shown), threshold):
        smallest = min((one for one in shown if size[one]), key=lambda one: (size[one], one))
        shown.discard(smallest)
        out[smallest] = set(tree[smallest])
    leaves = frozenset(leaf for found in out.values() for leaf in found)
    return Hidden(total=False, parts=frozenset(set(tree) - shown), leaves=leaves)


def _more(leaves: Mapping[str, int], hidden: set[str], threshold: int) -> set[str]:
    """Leaves to hide besides, so that those hidden together are many enough, or nobody."""
    found = set(hidden)
    while too_few(sum(leaves[leaf] for leaf in found), threshold):
        rest = [leaf for leaf in leaves if leaf not in found and leaves[leaf]]
        if not rest:
            break
        found.add(min(rest, key=lambda leaf: (leaves[leaf], leaf)))
    return found


def hide_cells(
    cells: Sequence[Sequence[int]], threshold: int, hidden: Collection[tuple[int, int]] = ()
) -> set[tuple[int, int]]:
    """The cells of a table with totals of rows and columns that are hidden: (row, column).

    Every row and column hides either nothing or at least two cells with as many as the threshold
    together, so that no total gives a hidden cell away.

    Arguments:
        cells: how many are in each cell; all rows have the same length.
        threshold: the fewest that are shown.
        hidden: cells that are hidden already, for another reason.
    """
    height, width = len(cells), len(cells[0]) if cells else 0
    found = set(hidden) | {
        (row, column)
        for row in range(height) for column in range(width)
        if too_few(cells[row][column], threshold)
    }  # fmt: skip
    lines = [[(row, column) for column in range(width)] for row in range(height)]
    lines += [[(row, column) for row in range(height)] for column in range(width)]
    changed = True
    while changed:
        changed = False
        for line in lines:
            there = [cell for cell in line if cell in found]
            together = sum(cells[row][column] for row, column in there)
            if not there or (len(there) > 1 and together >= threshold):
                continue
            rest = [cell for cell in line if cell not in found]
            if not rest:
                continue
            # Rather one with somebody in it; an empty cell hides one that stands alone, too.
            rest.sort(key=lambda cell: (not cells[cell[0]][cell[1]], cells[cell[0]][cell[1]], cell))
            found.add(rest[0])
            changed = True
    return found
