"""The reference of the API, made from its OpenAPI description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from web.pages.rendering import page

router = APIRouter()

Schema = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A parameter, or a field of a body."""

    name: str
    #: In words: “text, required”.
    kind: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request there is."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Part]
    #: What the body is sent as, and its fields.
    body: tuple[str, list[Part]] | None
    #: Status, what it means, and what comes with it.
    answers: list[Part]


@router.get("/api")
def reference(request: Request) -> HTMLResponse:
    """Every request there is, by kind of thing, and every form of answer."""
    described = request.app.openapi()
    kinds: dict[str, list[Asked]] = {}
    for path, methods in described["paths"].items():
        for method, what in methods.items():
            kind = what.get("tags", ["health"])[0]
            kinds.setdefault(kind, []).append(_asked(described, path, method, what))
    schemas = described["components"]["schemas"]
    forms = {name: list(_fields(schema)) for name, schema in sorted(schemas.items())}
    return page(request, "api.html", kinds=kinds, forms=forms)


def _asked(described: Schema, path: str, method: str, what: Schema) -> Asked:
    body = None
    for sent, content in what.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        if "$ref" in schema:
            schema = described["components"]["schemas"][_last(schema["$ref"])]
        body = sent, list(_fields(schema))
    return Asked(
        anchor=what["operationId"], method=method.upper(), path=path, summary=what["summary"],
        description=_plain(what.get("description", "")), body=body,
        parameters=[
            Part(
                name=one["name"],
                kind=_listed(one["in"], _kind(one["schema"]), one.get("required", False)),
                description=_plain(one.get("description", "")),
            )
            for one in what.get("parameters", [])
        ],
        answers=[
            Part(
                name=status, kind=", ".join(_contents(one)),
                description=_plain(one.get("description", "")),
            )
            for status, one in what["responses"].items()
        ],
    )  # fmt: skip


def _fields(schema: Schema) -> Iterator[Part]:
    required = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        kind = _listed(_kind(one), "required" if name in required else "")
        yield Part(name=name, kind=kind, description=_plain(one.get("description", "")))


def _contents(response: Schema) -> Iterator[str]:
    for sent, content in response.get("content", {}).items():
        schema = content.get("schema")
        yield _kind(schema) if sent == "application/json" and schema else sent


def _kind(schema: Schema) -> str:
    """A schema in a few words: ``list of Problem``, ``string or null``."""
    if "$ref" in schema:
        return _last(schema["$ref"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")


def _listed(*words: str | bool) -> str:
    named = ["required" if word is True else word for word in words]
    return ", ".join(str(word) for word in named if word)


def _last(reference: str) -> str:
    return reference.rsplit("/", maxsplit=1)[-1]


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())
