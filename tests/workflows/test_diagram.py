"""Pictures of processes: true to the process, readable by all, and safe with any text."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from base.errors import Fault, NotFound
from workflows import diagram as module
from workflows.definition import Process
from workflows.diagram import diagram
from workflows.graph import happy_path
from workflows.process_file import load_processes, read_process
from workflows.transition_table import transition_table

pytestmark = pytest.mark.unit

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = 'A & B &lt; "C" <script>alert(1)</script> \\N \\\\ ; # } ] |é–ñ'


@pytest.fixture(scope="module")
def label() -> Process:
    return load_processes()["school_label"][0]


def texts(svg: str) -> list[str]:
    """What an SVG shows, line by line."""
    return [
        "".join(text.itertext()).strip("\N{NO-BREAK SPACE} ")
        for text in ET.fromstring(svg).iter(f"{SVG}text")
    ]


def with_hostile_texts(text: str) -> Process:
    """The small process, with a state and a step of awkward names."""
    quoted = "'" + HOSTILE + "'"
    text = text.replace("{en: Lent, nl: Uitgeleend}", f"{{en: {quoted}, nl: x}}")
    return read_process(
        text.replace("{en: Take back, nl: Terugnemen}", f"{{en: {quoted}, nl: x}}"), "x.yaml"
    )[0]


def test_every_state_and_step_is_in_the_picture(label: Process) -> None:
    shown = " ".join(texts(diagram(label, "en")))
    for state in label.states.values():
        assert state.title["en"] in shown
    for step in (*label.starts.values(), *label.transitions.values()):
        assert step.title["en"] in shown


def test_the_picture_has_a_name_and_a_description(label: Process) -> None:
    svg = diagram(label, "nl", current_state="draft")
    root = ET.fromstring(svg)
    assert (root.get("role"), root.get("lang")) == ("img", "nl")
    title, description = root[0], root[1]
    assert (title.tag, title.text) == (f"{SVG}title", "eTwinning School Label")
    assert description.tag == f"{SVG}desc"
    assert "Ontwerp" in (description.text or "")
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    # The names of the file would show as tooltips, and be read out.
    assert list(root.iter(f"{SVG}title")) == [title]


def test_the_picture_can_stand_in_a_page_and_takes_nothing_from_outside(label: Process) -> None:
    svg = diagram(label, "en")
    assert svg.startswith("<svg ")
    assert "<!--" not in svg
    assert "<script" not in svg
    assert re.findall(r"https?://[^\"' ]+", svg) == ["http://www.w3.org/2000/svg"]
    families = set(re.findall(r'font-family="([^"]*)"', svg))
    assert len(families) == 1
    assert families.pop().startswith("'Source Sans 3'")


def test_the_state_a_case_is_in_is_marked_by_more_than_colour(label: Process) -> None:
    before = ET.fromstring(diagram(label, "en"))
    svg = diagram(label, "en", current_state="submitted")
    borders = [path.get("stroke-width") for path in ET.fromstring(svg).iter(f"{SVG}path")]
    assert borders.count("4") == 1
    assert [path.get("stroke-width") for path in before.iter(f"{SVG}path")].count("4") == 0
    lines = texts(svg)
    assert lines[lines.index("To be judged") - 1] == "▶ Now"


def test_a_school_reads_its_own_names_and_what_is_ahead(label: Process) -> None:
    shown = " ".join(texts(diagram(label, "en", current_state="submitted", audience="school")))
    assert "Your NSO is reading your application" in shown
    assert label.states["approved"].ahead["en"] in shown
    assert "To be judged" not in shown


def test_a_language_that_a_process_lacks_is_english(label: Process) -> None:
    assert texts(diagram(label, "pl")) == texts(diagram(label, "en"))


def test_steps_that_happen_by_themselves_are_dashed(lending: Process) -> None:
    arrows = [line for line in diagram(lending, "en", "dot").splitlines() if " -> " in line]
    assert [line.split(" [")[0] for line in arrows if "style=dashed" in line] == [
        "s_asked -> s_refused"
    ]
    # One arrow for the librarian's refusal, another for what the timer does.
    assert len([line for line in arrows if line.startswith("s_asked -> s_refused")]) == 2


def test_what_usually_happens_is_the_first_way_of_the_file(label: Process) -> None:
    assert [trigger for _source, trigger, _target in happy_path(label)] == [
        "screening",
        "start",
        "submit",
        "approve",
        "award",
        "lapse",
    ]


def test_texts_mean_themselves_in_svg(lending_text: str) -> None:
    process = with_hostile_texts(lending_text)
    svg = diagram(process, "en", current_state="lent")
    root = ET.fromstring(svg)
    assert [
        e
        for e in root.iter()
        if e.tag
        not in {
            f"{SVG}{name}"
            for name in ("svg", "title", "desc", "g", "path", "polygon", "ellipse", "text")
        }
    ] == []
    shown = texts(svg)
    start = shown.index("▶ Now") + 1
    words = HOSTILE.split()
    assert " ".join(shown[start : start + 4]).split()[: len(words)] == words
    assert HOSTILE in (root[1].text or "")


def test_texts_mean_themselves_in_mermaid(lending_text: str) -> None:
    drawn = diagram(with_hostile_texts(lending_text), "en", "mermaid")
    assert "<script" not in drawn
    (line,) = [line for line in drawn.splitlines() if line.startswith("    s_lent -->")]
    label = line.split(" : ", 1)[1].replace("<br/>", " ")
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label) == HOSTILE
    assert set(re.sub(r"#\d+;", "", label)) & set('"#;:<>{}[]&\\') == set()


def test_mermaid_has_every_arrow(lending: Process) -> None:
    assert diagram(lending, "en", "mermaid", "lent") == (
        "stateDiagram-v2\n"
        "    accTitle: Lending a tablet\n"
        "    accDescr: A diagram of 4 states and the 5 steps between them. "
        "The case is here: Lent.\n"
        '    state "Asked for" as s_asked\n'
        '    state "▶ Now<br/>Lent" as s_lent\n'
        '    state "Returned" as s_returned\n'
        '    state "Refused" as s_refused\n'
        "    [*] --> s_asked : Ask\n"
        "    s_asked --> s_lent : Lend\n"
        "    s_asked --> s_refused : Refuse\n"
        "    s_asked --> s_refused : Close\n"
        "    s_lent --> s_returned : Take back\n"
        "    s_returned --> [*]\n"
        "    s_refused --> [*]\n"
        "    classDef here fill:#fff3cd,stroke:#1b2a3a,stroke-width:4px\n"
        "    class s_lent here\n"
    )


def test_the_same_process_gives_the_same_picture(label: Process) -> None:
    module._drawn.cache_clear()
    first = diagram(label, "fr")
    module._drawn.cache_clear()
    assert diagram(label, "fr") == first


def test_an_unknown_state_is_refused(label: Process) -> None:
    with pytest.raises(NotFound) as caught:
        diagram(label, "en", current_state="drafts")
    assert caught.value.say().startswith(
        'The process has no state drafts (did you mean "draft"?). There are: invited, draft, '
    )


def test_a_missing_or_failing_program_is_our_fault(
    label: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    module._drawn.cache_clear()
    monkeypatch.setattr(module, "_program", lambda: "/bin/false")
    with pytest.raises(Fault):
        diagram(label, "en")
    monkeypatch.setattr(module, "_program", lambda: "/nonexistent")
    with pytest.raises(Fault):
        diagram(label, "en")


# --- the same as rows ----------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_way(label: Process) -> None:
    rows = transition_table(label, "en")
    ways = [(None, name, start.to) for name, start in label.starts.items()] + [
        (source, name, step.to)
        for name, step in label.transitions.items()
        for source in step.source
    ]
    assert [(row.source or None, row.trigger, row.target) for row in rows] == ways


def test_a_row_says_who(lending: Process) -> None:
    rows = {(row.trigger, row.source): row for row in transition_table(lending, "nl")}
    lend = rows["lend", "asked"]
    assert (lend.title, lend.from_title, lend.to_title) == ("Uitlenen", "Gevraagd", "Uitgeleend")
    assert lend.by == ("de bibliothecaris",)
    assert rows["close", "asked"].by == ("het platform",)
