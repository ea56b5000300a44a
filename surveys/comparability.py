"""What a new version would break: figures that can no longer be laid beside those before it."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.instrument import Instrument, Item, Text
from surveys.sentences import Sentence


def warnings(old: Instrument, new: Instrument) -> list[Sentence]:
    """One sentence for each thing that whoever publishes ``new`` after ``old`` should weigh."""
    return [*_head(old, new), *_lost(old, new), *_kept(old, new), *_demanded(old, new)]


def _head(old: Instrument, new: Instrument) -> Iterator[Sentence]:
    if old.source != new.source:
        yield Sentence(
            "The source changes from {before} to {after}: sources are never pooled, so results"
            " begin anew.",
            before=old.source,
            after=new.source,
        )
    if old.mode != new.mode:
        yield Sentence(
            "The mode changes from {before} to {after}: modes are never averaged, so results begin"
            " anew.",
            before=old.mode,
            after=new.mode,
        )
    for language in old.languages:
        if language not in new.languages:
            yield Sentence(
                "Nobody can answer in {language} any more.",
                language=language,
            )


def _lost(old: Instrument, new: Instrument) -> Iterator[Sentence]:
    for key, item in old.items.items():
        if key in new.items:
            continue
        if item.scale is not None:
            yield Sentence(
                "The dimension {key} is no longer asked: its figures end with this version.",
                key=key,
            )
        elif item.measures is not None:
            yield Sentence(
                "{key}, which measures {measure}, is no longer asked: what results make of it ends"
                " with this version.",
                key=key,
                measure=item.measures,
            )
        else:
            yield Sentence("{key} is no longer asked: its column stays empty from now on.", key=key)


def _kept(old: Instrument, new: Instrument) -> Iterator[Sentence]:
    for key, after in new.items.items():
        before = old.items.get(key)
        if before is None:
            continue
        if before.type != after.type:
            yield Sentence(
                "{key} changes its type from {before} to {after}: one column will hold two kinds of"
                " answers. A new key keeps them apart.",
                key=key,
                before=before.type,
                after=after.type,
            )
        elif _is_reworded(before, after):
            yield Sentence(
                "The scale {key} is worded otherwise: ratings before and after were not given to"
                " the same words, and its evidence from judges is lost.",
                key=key,
            )
        elif gone := _choices(before) - _choices(after):
            yield Sentence(
                "{key} loses choices ({choices}): shares before and after are of different wholes.",
                key=key,
                choices=", ".join(sorted(gone)),
            )
        if before.measures != after.measures and before.measures is not None:
            yield Sentence(
                "{key} no longer measures {measure}: what results make of it ends with this"
                " version.",
                key=key,
                measure=before.measures,
            )


def _demanded(old: Instrument, new: Instrument) -> Iterator[Sentence]:
    for key, item in new.items.items():
        if item.required and not (key in old.items and old.items[key].required):
            yield Sentence(
                "{key} must be answered from now on: who has no answer cannot send the form.",
                key=key,
            )


def _is_reworded(before: Item, after: Item) -> bool:
    """Whether a rater reads other words, in a language that both versions have."""
    texts = [_scale_texts(item) for item in (before, after)]
    if [len(part) for part in texts[0]] != [len(part) for part in texts[1]]:
        return True
    return any(
        old[language] != new[language]
        for olds, news in zip(*texts, strict=True)
        for old, new in zip(olds, news, strict=True)
        for language in old
        if language in new
    )


def _scale_texts(item: Item) -> list[tuple[Text, ...]]:
    if item.scale is None:
        return []
    scale = item.scale
    anchors = [scale.anchors[level] for level in sorted(scale.anchors)]
    return [(scale.ask, scale.low, scale.high), *anchors]


def _choices(item: Item) -> set[str]:
    return {choice.key for choice in item.choices}
