"""What the demonstration's customers say: the sentences in ``demo_comments.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

Sentences = Mapping[str, tuple[str, ...]]
"""Language (or, within a language, dimension) → sentences."""

_read = YAML(typ="safe").load(Path(__file__).with_suffix(".yaml"))


def _sentences(lists: Mapping[str, list[str]]) -> Sentences:
    return {key: tuple(found) for key, found in lists.items()}


GOOD = {language: _sentences(found) for language, found in _read["good"].items()}
BAD = {language: _sentences(found) for language, found in _read["bad"].items()}
PROMISES = _sentences(_read["promises"])
RULES = _sentences(_read["rules"])
ACTS = _sentences(_read["acts"])
OBSTACLES = _sentences(_read["obstacles"])
BEFORE = _sentences(_read["before"])
