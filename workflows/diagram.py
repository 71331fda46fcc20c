"""A process as a picture: SVG for pages, DOT and Mermaid for other tools.

Drawn by ``dot`` (the program of the graphviz-pure package), from DOT on its standard input. What
usually happens stands in the middle, in strong lines; the rest is quieter. Colour never says
anything alone: a final state has two borders, a step that happens by itself is dashed, and the
state a case is in has a thick border and says so.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from shutil import which
from typing import Literal
from xml.etree import ElementTree as ET

from base.errors import Fault, NotFound
from base.i18n import N_, say, translate
from base.located import nearest
from workflows.definition import Process
from workflows.graph import edges, happy_path
from workflows.transition_table import is_automatic

Format = Literal["svg", "dot", "mermaid"]
Audience = Literal["staff", "school"]

#: Longer labels are broken into lines of at most so many characters.
STATE_WIDTH, STEP_WIDTH = 20, 22
#: Seconds a drawing may take; the largest sensible process takes a hundredth of one.
PATIENCE = 10
#: What the layout is measured with (it comes with graphviz-pure), and what pages show. The latter
#: is a little narrower, so labels fit.
MEASURED_WITH = "Arimo"
SHOWN_WITH = "'Source Sans 3', 'Source Sans Pro', 'Segoe UI', Arial, sans-serif"
INK, QUIET, PAPER, TINT, HERE = "#1b2a3a", "#5b6b7b", "#ffffff", "#eef3f8", "#fff3cd"

LEGEND = N_("Dashed: happens by itself. Double border: the end.")

_SVG = "http://www.w3.org/2000/svg"


def diagram(
    process: Process,
    language: str,
    format: Format = "svg",  # noqa: A002 - the word the command line uses
    current_state: str | None = None,
    audience: Audience = "staff",
) -> str:
    """``process`` as a picture.

    Arguments:
        language: of the labels.
        format: ``svg`` (to stand inside a page or alone), ``dot`` or ``mermaid``.
        current_state: where a case stands; marked.
        audience: ``school`` gives states the names a school sees.

    Raises:
        NotFound: the process has no state ``current_state``.
        Fault: the drawing program failed.
    """
    if current_state is not None and current_state not in process.states:
        raise NotFound(
            N_("The process has no state {state}{hint}. There are: {known}."),
            state=current_state, hint=nearest(current_state, process.states),
            known=list(process.states),
        )  # fmt: skip
    picture = _Picture(process, language, current_state, audience)
    if format == "mermaid":
        return picture.mermaid()
    dot = picture.dot()
    return dot if format == "dot" else _finished(_drawn(dot), picture)


class _Picture:
    """The words and lines of one picture."""

    def __init__(
        self, process: Process, language: str, current: str | None, audience: Audience
    ) -> None:
        self.process = process
        self.language = language
        self.current = current
        self.audience = audience
        self.main = happy_path(process)
        self.on_main = {target for _source, _trigger, target in self.main}

    @property
    def title(self) -> str:
        return say(self.process.title, self.language)

    @property
    def description(self) -> str:
        sentence = N_("A diagram of {states} states and the {steps} steps between them.")
        count = len({*self.process.starts, *self.process.transitions})
        told = translate(sentence, self.language, states=len(self.process.states), steps=count)
        if self.current is None:
            return told
        here = translate(
            N_("The case is here: {state}."), self.language, state=self.name_of(self.current)
        )
        return f"{told} {here}"

    def name_of(self, state: str) -> str:
        """The state's name for the audience: a school reads what is ahead until it is there."""
        found = self.process.states[state]
        if self.audience == "staff":
            return say(found.title, self.language)
        return say(found.to_school if state == self.current else found.ahead, self.language)

    def label_of(self, state: str) -> str:
        name = self.name_of(state)
        if state != self.current:
            return _lines(name, STATE_WIDTH)
        here = translate(N_("▶ Now"), self.language)
        return f"{here}\n{_lines(name, STATE_WIDTH)}"

    def ways(self) -> Iterator[tuple[str | None, str, list[str]]]:
        """Source, target and triggers of every arrow; like steps between two states share one."""
        arrows: dict[tuple[str | None, str, bool], list[str]] = {}
        for edge in edges(self.process):
            key = edge.source, edge.target, is_automatic(self.process, edge.trigger)
            arrows.setdefault(key, []).append(edge.trigger)
        for (source, target, _automatic), triggers in arrows.items():
            yield source, target, triggers

    def step_label(self, triggers: list[str]) -> str:
        steps = {**self.process.starts, **self.process.transitions}
        titles = list(dict.fromkeys(say(steps[name].title, self.language) for name in triggers))
        dot = "• " if len(titles) > 1 else ""
        return "\n".join(_lines(dot + title, STEP_WIDTH) for title in titles)

    def dot(self) -> str:
        legend = translate(LEGEND, self.language)
        font = f'fontname="{MEASURED_WITH}"'
        head = f"""digraph process {{
graph [{font}, fontsize=11, fontcolor="{QUIET}", bgcolor="{PAPER}", pad=0.25, rankdir=TB,
       nodesep=0.45, ranksep=0.5, labelloc=b, labeljust=l, label={_quoted(legend)}];
node [{font}, fontsize=13, fontcolor="{INK}", color="{QUIET}", fillcolor="{PAPER}", shape=box,
      style="rounded,filled", margin="0.16,0.10", penwidth=1.1];
edge [{font}, fontsize=11, fontcolor="{QUIET}", color="{QUIET}", arrowsize=0.7, penwidth=1.1];
start [label="", shape=circle, width=0.18, height=0.18, style=filled, group=main,
       fillcolor="{INK}", color="{INK}"];
"""
        nodes = [f"s_{state} [{self._node(state)}];" for state in self.process.states]
        arrows = [
            f"{f's_{source}' if source else 'start'} -> s_{target}"
            f" [{self._edge(source, target, triggers)}];"
            for source, target, triggers in self.ways()
        ]
        return head + "\n".join([*nodes, *arrows, "}", ""])

    def _node(self, state: str) -> str:
        found = [f"label={_quoted(self.label_of(state))}"]
        if state in self.on_main:
            found += ["group=main", f'fillcolor="{TINT}"', f'color="{INK}"', "penwidth=1.6"]
        if self.process.states[state].final:
            found.append("peripheries=2")
        if state == self.current:
            found += [f'fillcolor="{HERE}"', f'color="{INK}"', "penwidth=4"]
        return ", ".join(found)

    def _edge(self, source: str | None, target: str, triggers: list[str]) -> str:
        found = [f"label={_quoted(self.step_label(triggers), left=True)}"]
        if any((source, trigger, target) in self.main for trigger in triggers):
            found += [f'color="{INK}"', f'fontcolor="{INK}"', "penwidth=2.2", "weight=20"]
        if is_automatic(self.process, triggers[0]):
            found.append("style=dashed")
        return ", ".join(found)

    def mermaid(self) -> str:
        lines = [
            "stateDiagram-v2",
            f"    accTitle: {_plain(self.title)}",
            f"    accDescr: {_plain(self.description)}",
        ]
        lines += [
            f'    state "{_escaped(self.label_of(state))}" as s_{state}'
            for state in self.process.states
        ]
        lines += [
            f"    {f's_{source}' if source else '[*]'} --> s_{target}"
            f" : {_escaped(self.step_label(triggers))}"
            for source, target, triggers in self.ways()
        ]
        for state, found in self.process.states.items():
            if found.final:
                lines.append(f"    s_{state} --> [*]")
        if self.current:
            lines.append(f"    classDef here fill:{HERE},stroke:{INK},stroke-width:4px")
            lines.append(f"    class s_{self.current} here")
        return "\n".join([*lines, ""])


def _lines(text: str, width: int) -> str:
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) or " "


def _quoted(text: str, *, left: bool = False) -> str:
    """``text`` as a DOT string: its backslashes, quotes and ampersands mean themselves.

    Arguments:
        left: its lines begin at one edge, a little off the line they belong to, so that a wider
            font than the measured one does not run over that line.
    """
    text = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    lines = text.split("\n")
    if not left:
        return '"' + "\\n".join(lines) + '"'
    return '"' + "".join(f"\N{NO-BREAK SPACE}{line}\\l" for line in lines) + '"'


def _escaped(text: str) -> str:
    """``text`` for Mermaid: everything it could read as its own signs is written as a number."""
    return "".join(
        "<br/>" if sign == "\n" else f"#{ord(sign)};" if sign in '"#;:<>{}[]()&%`\\' else sign
        for sign in text
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _program() -> str:
    beside = Path(sys.executable).with_name("graphviz-pure")
    found = str(beside) if beside.is_file() else which("graphviz-pure") or which("dot")
    if found is None:
        raise Fault(N_("The drawing program dot is not installed."))
    return found


@lru_cache(maxsize=256)
def _drawn(dot: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own program, with nothing of the file in its arguments
            [_program(), "-Kdot", "-Tsvg"],
            input=dot.encode(),
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Fault(N_("The diagram could not be drawn.")) from error
    return done.stdout.decode()


def _finished(drawn: str, picture: _Picture) -> str:
    """The drawing with a name and a description for those who do not see it, ready for a page.

    The ids of the drawing program and its ``<title>`` of every node (the names of the file, which
    pages would show as tooltips) are taken out.
    """
    ET.register_namespace("", _SVG)
    root = ET.fromstring(drawn)  # noqa: S314 - written by our own program just now
    for parent in root.iter():
        for child in list(parent):
            if child.tag == f"{{{_SVG}}}title":
                parent.remove(child)
        parent.attrib.pop("id", None)
        if "font-family" in parent.attrib:
            parent.set("font-family", SHOWN_WITH)
    key = f"diagram-{picture.process.process}"
    width = root.get("width", "").removesuffix("pt")
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("lang", picture.language)
    root.set("aria-labelledby", f"{key}-title {key}-text")
    # As large as drawn; a page makes it smaller by its style sheet. There is no style in it: pages
    # refuse styles that do not come from there.
    root.set("width", f"{width}pt")
    for place, (tag, text) in enumerate((("title", picture.title), ("desc", picture.description))):
        element = ET.Element(f"{{{_SVG}}}{tag}")
        element.set("id", f"{key}-{'title' if tag == 'title' else 'text'}")
        element.text = text
        root.insert(place, element)
    return ET.tostring(root, encoding="unicode") + "\n"
