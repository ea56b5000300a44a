"""A moments map: the touchpoints in the order of a customer's way, as a YAML file tells them.

``instruments/moments-map.yaml`` is the list that ships; an installation begins with it and keeps
its own (:mod:`surveys.touchpoints`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from surveys import grammar
from surveys.faults import FaultyInstrument, Findings
from surveys.yaml_tree import Node, parse, read


@dataclass(frozen=True)
class Stop:
    """A touchpoint on the way: its key, which never changes, and its name by language."""

    key: str
    names: Mapping[str, str]


def check_map(findings: Findings, root: Node) -> list[Stop]:
    """Check a moments map; the stops that could be made out."""
    top = grammar.mapping(findings, root, "a moments map", required=("touchpoints",))
    stops: list[Stop] = []
    listing = top.get("touchpoints")
    for entry in [] if listing is None else grammar.entries(findings, listing, "`touchpoints`"):
        parts = grammar.mapping(findings, entry, "a touchpoint", required=("key", "name"))
        if not {"key", "name"} <= parts.keys():
            continue
        key = grammar.key(findings, parts["key"], "a touchpoint")
        names = grammar.text(findings, parts["name"], "`name`", ())
        if names and "en" not in names:
            message = (
                "`name` has no words in en, which stand in where a language has none: add them"
            )
            findings.add("missing-language", parts["name"].place, message)
        if key in {stop.key for stop in stops}:
            message = f"the touchpoint {key} stands here already: choose another key"
            findings.add("duplicate-value", parts["key"].place, message)
        elif key is not None:
            stops.append(Stop(key, names))
    return stops


def load_map(path: Path) -> list[Stop]:
    """The stops of the file at ``path``, in its order.

    Raises :class:`FaultyInstrument` with all faults if there are any, ``OSError`` when the file
    cannot be opened.
    """
    findings = Findings(str(path))
    root = parse(read(path), findings)
    stops = [] if root is None else check_map(findings, root)
    if findings:
        raise FaultyInstrument(findings.sorted())
    return stops
