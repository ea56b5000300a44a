"""From a YAML file to an :class:`~surveys.instrument.Instrument`, or to every fault it has.

The grammar is told to authors in ``docs/instruments.md``; editors read it from
``instruments/schema.json``. Scales are looked for in ``scales.yaml`` beside the file, else in the
one that ships.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from surveys import casebook, grammar
from surveys.casebook import Case, Casebook
from surveys.faults import EnoughFaults, Fault, FaultyInstrument, Findings, shown
from surveys.instrument import Instrument
from surveys.instrument_checks import check_instrument
from surveys.moments_map import check_map
from surveys.scale_checks import Scales, check_scales
from surveys.yaml_tree import Node, parse, read

SHIPPED = Path(__file__).resolve().parent.parent / "instruments"
SCALES_FILE = "scales.yaml"
CASEBOOK = SHIPPED / "casebook"


@dataclass(frozen=True)
class Checked:
    """What came of a file's text: an instrument, or all of its faults, sorted by place."""

    faults: tuple[Fault, ...]
    instrument: Instrument | None


def check_text(data: bytes, key: str) -> Checked:
    """Check the text of instrument ``key`` that is in no folder: its scales are those that ship.

    It takes seconds at most, whatever is sent (see ``MAX_BYTES`` in :mod:`surveys.yaml_tree`).
    """
    name = f"{key}.yaml"
    faults, root, scales = _check(name, data, (SHIPPED,))
    if root is not None and isinstance(root.value, dict) and "instrument" in root.value:
        own = root.value["instrument"]
        if isinstance(own.value, str) and grammar.KEY.fullmatch(own.value) and own.value != key:
            message = f"this is the instrument `{key}`, not {shown(own.value)}: write `{key}`"
            fault = Fault(name, own.place.line, own.place.column, "other-key", message)
            faults = sorted([*faults, fault])
    return _checked(name, faults, root, scales)


def check_file(path: Path) -> list[Fault]:
    """All faults of an instrument, a file of scales, a moments map or a case, sorted by place.

    The faults of the ``scales.yaml`` it refers to are among them. Raises ``OSError`` when a file
    cannot be opened.
    """
    return list(_check_file(path)[0])


def load(path: Path) -> Instrument:
    """The instrument in the file at ``path``.

    Raises :class:`FaultyInstrument` with all faults if there are any, ``OSError`` when a file
    cannot be opened.
    """
    checked = _checked(str(path), *_check_file(path))
    if checked.instrument is None:
        raise FaultyInstrument(checked.faults)
    return checked.instrument


def load_scales(path: Path) -> dict[str, dict[str, Any]]:
    """The scales in the file at ``path`` as plain data by key, in file order.

    Raises :class:`FaultyInstrument` if it has faults, ``OSError`` when it cannot be opened.
    """
    scales, faults = _read_scales(str(path), read(path))
    if faults:
        raise FaultyInstrument(faults)
    return copy.deepcopy(scales.plain)


def load_casebook(folder: Path) -> Casebook:
    """The cases in ``folder``, by key, in the order of their numbers.

    Raises :class:`FaultyInstrument` with all faults if there are any, ``OSError`` when a file
    cannot be opened.
    """
    faults: set[Fault] = set()
    cases: list[Case] = []
    for path in sorted(folder.glob("*.yaml")):
        findings = Findings(str(path))
        with suppress(EnoughFaults):
            root = parse(read(path), findings)
            case = None if root is None else _check_case(findings, root, (folder, SHIPPED))
            cases += [case] if case else []
        faults.update(findings.sorted())
    if faults:
        raise FaultyInstrument(sorted(faults))
    return {case.key: case for case in cases}


def resolve(source: Mapping[str, Any], scales: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The resolved document of a sound instrument: scales written out, defaults left out.

    Two files that mean the same become the same document, and so the same version. Texts of
    scales are taken in the instrument's languages, as far as they exist in them.
    """
    languages = list(source["languages"])
    spoken = {key: _spoken(key, scale, languages) for key, scale in scales.items()}
    head = ("instrument", "title", "source", "mode", "review")
    document: dict[str, Any] = {name: source[name] for name in head}
    document["languages"] = languages
    if "careless" in source:
        document["careless"] = source["careless"]
    document["sections"] = [_resolve_section(section, spoken) for section in source["sections"]]
    return document


def _resolve_section(section: Mapping[str, Any], scales: Mapping[str, Any]) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for entry in section["items"]:
        if "draw" in entry:
            items.append({"draw": entry["draw"], "scales": list(scales.values())})
        elif "scales" in entry:
            items += ({"type": "scale", "scale": scale} for scale in scales.values())
        else:
            items.append(_resolve_item(entry, scales))
    folded = {"folded": True} if section.get("folded") else {}
    return {"title": section["title"], **folded, "items": items}


def _resolve_item(entry: Mapping[str, Any], scales: Mapping[str, Any]) -> dict[str, Any]:
    item = {name: value for name, value in entry.items() if value is not False}
    if item["type"] == "scale":
        item["scale"] = scales[item.pop("key")]
    return item


def _spoken(key: str, scale: Mapping[str, Any], languages: list[str]) -> dict[str, Any]:
    """A scale with its texts in ``languages`` only."""

    def text(value: Mapping[str, str]) -> dict[str, str]:
        return {language: value[language] for language in languages if language in value}

    return {
        "key": key,
        "level": scale["level"],
        "status": scale["status"],
        **{name: text(scale[name]) for name in ("name", "ask", "low", "high", "coaching")},
        "anchors": {
            level: [text(behaviour) for behaviour in behaviours]
            for level, behaviours in scale["anchors"].items()
        },
    }


def _check_file(path: Path) -> tuple[list[Fault], Node | None, Scales | None]:
    return _check(str(path), read(path), (path.parent, SHIPPED))


def _checked(name: str, faults: list[Fault], root: Node | None, scales: Scales | None) -> Checked:
    if root is not None and not faults and "instrument" not in root.value:
        place = root.place
        message = (
            "this is a file of scales, touchpoints or a case, not an instrument: name an instrument"
        )
        faults = [Fault(name, place.line, place.column, "missing-key", message)]
    if faults or root is None:
        return Checked(tuple(faults), None)
    document = resolve(root.plain(), scales.plain if scales else {})
    return Checked((), Instrument.from_document(document))


def _check(
    name: str, data: bytes, folders: Sequence[Path]
) -> tuple[list[Fault], Node | None, Scales | None]:
    """The faults of a file; its tree, if it is one; the scales it refers to, if it does."""
    findings = Findings(name)
    root: Node | None = None
    with suppress(EnoughFaults):
        root = parse(data, findings)
    if root is None:
        return findings.sorted(), None, None
    words = root.value if isinstance(root.value, dict) else {}
    if "touchpoints" in words and "instrument" not in words:
        with suppress(EnoughFaults):
            check_map(findings, root)
        return findings.sorted(), root, None
    if "scales" in words and "instrument" not in words:
        scales, faults = _read_scales(name, data)
        return list(faults), root, scales

    if "case" in words and "instrument" not in words:
        with suppress(EnoughFaults):
            _check_case(findings, root, folders)
        return findings.sorted(), root, None

    @cache  # asked for at each reference, looked for at the first
    def referred() -> Scales | None:
        return _referred(findings, folders)

    with suppress(EnoughFaults):
        check_instrument(findings, root, referred)
    used = referred() if referred.cache_info().currsize else None
    return findings.sorted(), root, used


def _check_case(findings: Findings, root: Node, folders: Sequence[Path]) -> Case | None:
    """Check a case in the first of ``folders``; its scales may stand beside that folder too."""
    folder = folders[0]
    scales = _referred(findings, (folder, folder.parent, *folders[1:]))
    beside = [path.name for path in folder.glob("*.yaml")]
    keys = None if scales is None else scales.plain.keys()
    return casebook.check_case(findings, root, Path(findings.file).name, beside, keys)


def _referred(findings: Findings, folders: Sequence[Path]) -> Scales | None:
    """The scales of the first folder that has some, whose faults are then faults too."""
    beside = [folder / SCALES_FILE for folder in folders]
    found = next((file for file in beside if file.is_file()), None)
    if found is None:
        return None
    scales, faults = _read_scales(str(found), read(found))
    findings.extend(faults)
    return scales


@lru_cache(maxsize=8)  # every instrument of a folder refers to the same file, which is large
def _read_scales(file: str, data: bytes) -> tuple[Scales, tuple[Fault, ...]]:
    findings = Findings(file)
    scales = Scales({}, (), (), sound=False)
    with suppress(EnoughFaults):
        root = parse(data, findings)
        scales = scales if root is None else check_scales(findings, root)
    return scales, tuple(findings.sorted())
