from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import BadFile, BadInput
from documents.names import check_url, has_hidden_characters, safe_name


def refused_name(name: str) -> str:
    with pytest.raises(BadFile) as caught:
        safe_name(name)
    return caught.value.say()


def refused_url(url: str) -> str:
    with pytest.raises(BadInput) as caught:
        check_url(url)
    assert [problem.where for problem in caught.value.problems] == ["url"]
    return caught.value.say()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("beleid 2022 (definitief).pdf", "beleid 2022 (definitief).pdf"),
        (" a.pdf ", "a.pdf"),
        ("re\u0301sume\u0301.pdf", "résumé.pdf"),
        ('wat?"x":<1>|*.pdf', "wat__x___1___.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("...a.pdf", "a.pdf"),
        ("Школа 学校.pdf", "Школа 学校.pdf"),
        ("x" * 146 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_is_kept_or_made_safe(name: str, kept: str) -> None:
    assert safe_name(name) == kept


@pytest.mark.parametrize(
    "name", ["../a.pdf", "..\\a.pdf", "C:\\school\\a.pdf", "/etc/passwd", "a/b.pdf", "..", "."]
)
def test_a_path_is_refused(name: str) -> None:
    assert refused_name(name) == (
        "The file name holds the name of a folder. Send the file under its own name only."
    )


@pytest.mark.parametrize(
    "name",
    ["a\x00.pdf", "a\n.pdf", "a\r.pdf", "a\u202efdp.exe", "a\u2066.pdf", "\ud800.pdf", "a\x7f"],
)
def test_hidden_characters_are_refused(name: str) -> None:
    assert refused_name(name) == (
        "The file name holds characters that cannot be seen. Rename the file, please."
    )


@pytest.mark.parametrize("name", ["x" * 147 + ".pdf", "学" * 90 + ".pdf"])
def test_a_very_long_name_is_refused(name: str) -> None:
    assert refused_name(name) == (
        "The file name is too long. Give it a name of at most 150 characters."
    )


@pytest.mark.parametrize("name", ["", "  "])
def test_no_name_is_refused(name: str) -> None:
    assert refused_name(name) == "The file has no name. Give it a name and choose it again."


def _kept(name: str) -> str:
    try:
        return safe_name(name)
    except BadFile:
        return "refused"


@given(name=st.text(max_size=40))
def test_what_is_kept_is_safe_and_stays_as_it_is(name: str) -> None:
    kept = _kept(name)
    assert kept
    assert not set(kept) & set('/\\<>:"|?*')
    assert not has_hidden_characters(kept)
    assert len(kept.encode()) <= 255
    assert safe_name(kept) == kept


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.org", "http://school.example.org:8080/beleid?x=1#y",
        "HTTPS://EXAMPLE.ORG/A", "https://xn--caf-dma.example.org", "https://café.example.org/é",
        "https://8.8.8.8/a", "https://[2001:4860:4860::8888]/", f"https://example.org/{'a' * 1980}",
    ],
)  # fmt: skip
def test_a_link_is_let_in(url: str) -> None:
    assert check_url(f" {url} ") == url


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "Fill in a link, such as https://www.example.org/policy."),
        ("www.example.org", "A link begins with https:// or http://."),
        ("javascript:alert(1)", "A link begins with https:// or http://."),
        ("data:text/html,x", "A link begins with https:// or http://."),
        ("ftp://example.org", "A link begins with https:// or http://."),
        ("file:///etc/passwd", "A link begins with https:// or http://."),
        ("//example.org", "A link begins with https:// or http://."),
        (f"https://example.org/{'a' * 1981}", "The link is too long: at most 2000 characters."),
        ("https://an:secret@example.org",
         "The link holds a user name or password. Give a link without one."),
        ("https://example.org@evil.example",
         "The link holds a user name or password. Give a link without one."),
        ("https://example.org/\r\nX: y",
         "The link holds characters that links do not have. Copy it once more."),
        ("https://example.org/a b",
         "The link holds characters that links do not have. Copy it once more."),
        ("https://example.org\\@evil.example",
         "The link holds characters that links do not have. Copy it once more."),
        ("https://example.org/\u202ex",
         "The link holds characters that links do not have. Copy it once more."),
        ("https://example.org:port/",
         "This is not a link. It looks like https://www.example.org/policy."),
        ("https://[::1", "This is not a link. It looks like https://www.example.org/policy."),
        *(
            (url, "The link does not lead to a public address, so your NSO cannot open it.")
            for url in (
                "https://", "https:///a", "http://localhost/a", "http://127.0.0.1", "http://[::1]/",
                "http://10.0.0.1", "http://192.168.1.1/x", "http://169.254.169.254/latest",
                "http://127.1", "http://0x7f.1", "http://2130706433", "http://server", "http://a.local",
                "http://a..org",
            )
        ),
    ],
)  # fmt: skip
def test_what_is_no_link_is_refused_with_a_sentence(url: str, sentence: str) -> None:
    assert refused_url(url) == sentence


@given(url=st.text(max_size=60).map(lambda rest: f"https://{rest}") | st.text(max_size=60))
def test_any_text_is_a_link_or_refused(url: str) -> None:
    try:
        kept = check_url(url)
    except BadInput as error:
        kept = "https://refused.example" if error.say() else ""
    assert kept.lower().startswith(("https://", "http://"))
