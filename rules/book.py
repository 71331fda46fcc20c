"""The rule sets and rounds there are: those of a folder, or those a release pins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from base.errors import BadDefinition, NotFound, Remark
from base.i18n import N_
from base.located import Located, nearest
from rules.round_file import Round, read_round
from rules.rule_file import RuleSet, read_rule_set

#: Where the rule sets and rounds of this installation are.
FOLDER = Path(__file__).resolve().parent


class RuleBook:
    """Rule sets and rounds by name."""

    def __init__(self) -> None:
        self._rule_sets: dict[str, tuple[RuleSet, Located]] = {}
        self._rounds: dict[str, tuple[Round, Located]] = {}

    @classmethod
    def from_folder(cls, folder: Path = FOLDER, *, lenient: bool = False) -> RuleBook:
        """All rule and round files below ``folder``, in order of name.

        Arguments:
            lenient: leave out files that cannot be read, for a checker that names them itself.

        Raises:
            BadDefinition: a file does not have its form, or a name is there twice; all are named.
        """
        book = cls()
        remarks: list[Remark] = []
        for path in sorted(folder.rglob("*.yaml")):
            try:
                book.add(path.read_text(encoding="utf-8"), str(path))
            except BadDefinition as error:
                remarks += error.remarks
        if remarks and not lenient:
            raise BadDefinition(N_("Rule or round files have errors."), remarks)
        return book

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> RuleBook:
        """Of texts by file name."""
        book = cls()
        for file, text in texts.items():
            book.add(text, file)
        return book

    def add(self, text: str, file: str) -> RuleSet | Round:
        """Read one file: a rule file names its ``rule_set``, a round file its ``round``.

        Raises:
            BadDefinition: it does not have the form of either, or its name is taken.
        """
        is_round = any(line.startswith("round:") for line in text.splitlines())
        if is_round:
            call, located = read_round(text, file)
            if call.name in self._rounds:
                raise self._twice(located, call.name)
            self._rounds[call.name] = (call, located)
            return call
        rule_set, located = read_rule_set(text, file)
        if rule_set.name in self._rule_sets:
            raise self._twice(located, rule_set.name)
        self._rule_sets[rule_set.name] = (rule_set, located)
        return rule_set

    def add_missing(self, other: RuleBook) -> None:
        """Take over the rule sets and rounds of ``other`` that are not here."""
        self._rule_sets = {**other._rule_sets, **self._rule_sets}
        self._rounds = {**other._rounds, **self._rounds}

    def rule_set(self, name: str) -> RuleSet:
        """The rule set of that name; the part after the slash is enough where it is the only one.

        Raises:
            NotFound: there is none, or there are several.
        """
        if name in self._rule_sets:
            return self._rule_sets[name][0]
        fitting = [known for known in self._rule_sets if known.rpartition("/")[2] == name]
        if len(fitting) == 1:
            return self._rule_sets[fitting[0]][0]
        raise NotFound(
            N_("There is no rule set {name}{hint}. There are: {known}."),
            name=name, hint=nearest(name, self._rule_sets), known=_beside(name, self._rule_sets),
        )  # fmt: skip

    def round(self, name: str) -> Round:
        """The round of that name: school_label/2023-2024.

        Raises:
            NotFound: there is none.
        """
        if name in self._rounds:
            return self._rounds[name][0]
        raise NotFound(
            N_("There is no round {name}{hint}. There are: {known}."),
            name=name, hint=nearest(name, self._rounds), known=_beside(name, self._rounds),
        )  # fmt: skip

    def rule_sets(self) -> list[RuleSet]:
        """All rule sets, by name."""
        return [self._rule_sets[name][0] for name in sorted(self._rule_sets)]

    def rounds(self, calendar: str | None = None) -> list[Round]:
        """The rounds of a calendar (or all), oldest first."""
        found = [self._rounds[name][0] for name in sorted(self._rounds)]
        return [one for one in found if calendar is None or one.calendar == calendar]

    def located(self, name: str) -> Located:
        """The file a rule set or round was read from."""
        return (self._rule_sets.get(name) or self._rounds[name])[1]

    def text_of(self, name: str) -> str:
        """The text a rule set or round was read from."""
        return self.located(name).text

    @staticmethod
    def _twice(located: Located, name: str) -> BadDefinition:
        remark = located.remark([], f"{name} is there twice: give one of them another name")
        return BadDefinition(N_("A name is there twice."), [remark])


def _beside(name: str, known: Iterable[str]) -> list[str]:
    """What there is before the same slash as ``name``; all where nothing is."""
    before = name.partition("/")[0] + "/"
    return sorted(one for one in known if one.startswith(before)) or sorted(known)
