"""Digests are those of RFC 8785, and what is kept is what was sent."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from surveys import digest
from surveys.digest import TooAlikeError, TooDeepError, canonical, normalise, read, text

letters = st.text(st.characters(exclude_categories=()), max_size=8)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    letters,
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(letters, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
@example({"\ue000": 1, "\U00010000": 2})  # sorted by UTF-16, not by letters
@example({"a": 1.0, "b": [1e21, -0.0, 5e-324]})
def test_canonical_text_is_that_of_rfc_8785(value: Any) -> None:
    sound = normalise(value)
    if not any_edge(sound):
        assert canonical(sound) == rfc8785.dumps(sound)


def any_edge(value: Any) -> bool:
    """2^53 itself: exact, but one above what the library takes as an integer."""
    if isinstance(value, dict):
        return any(map(any_edge, value.values()))
    if isinstance(value, list):
        return any(map(any_edge, value))
    return isinstance(value, int) and abs(value) == 2**53


@given(values)
def test_normalising_twice_is_the_same_and_the_text_gives_it_back(value: Any) -> None:
    sound = normalise(value)
    assert repr(normalise(sound)) == repr(sound)
    kept = text(sound)
    kept.encode()  # any database takes it
    assert "\0" not in kept
    if "-0.0" not in kept:
        back = json.loads(kept)
        assert back == sound
        assert text(back) == kept


def test_the_edges_of_numbers() -> None:
    body = (
        b"[3, 3.0, 1e400, -1e400, 9007199254740992, 9007199254740993, -9007199254740993, NaN, "
        + b"9" * 5000
        + b", 0.1, 1e3, -0]"
    )
    found = normalise(read(body))
    assert repr(found[:8]) == repr(
        [3, 3.0, "1e400", "-1e400", 2**53, "9007199254740993", "-9007199254740993", "NaN"]
    )
    assert found[8] == "9" * 5000
    assert canonical([2**53, -(2**53), 3.0]) == b"[9007199254740992,-9007199254740992,3]"
    assert normalise([2**53 + 1, float("inf"), float("nan")]) == [str(2**53 + 1), "inf", "nan"]
    assert normalise(10**5000).startswith("0x")


def test_lone_halves_become_one_sign_and_no_key_is_lost() -> None:
    high, low = "\ud800", "\udfff"
    found = normalise({high: 1, low: 2, "ok": "a\ud800b", "pair": "\U0001f600"})
    assert found == {"\ufffd": 1, "\ufffd\ufffd": 2, "ok": "a\ufffdb", "pair": "\U0001f600"}


def test_files_are_sorted_and_a_plain_posts_times_left_out() -> None:
    one, two = {"sha256": "1" * 64}, {"sha256": "2" * 64}
    record = {"id": "x", "files": [two, one], "finished_at": "2026", "started_at": "2025"}
    expected = b'{"files":[{"sha256":"%s"},{"sha256":"%s"}],"id":"x"}' % (b"1" * 64, b"2" * 64)
    assert digest.digest(record, plain=True) == hashlib.sha256(expected).hexdigest()
    assert digest.digest(record) != digest.digest(record, plain=True)
    assert digest.digest({**record, "files": [one, two]}) == digest.digest(record)
    assert record["files"] == [two, one]
    for odd in ([{"sha256": 1}, one], "x", {"sha256": "1"}, [one, None]):
        assert len(digest.digest({"files": odd})) == 64


def test_depth_has_an_end() -> None:
    deep: Any = 1
    for _ in range(digest.MAX_DEPTH):
        deep = [deep]
    assert normalise(deep) == deep
    with pytest.raises(TooDeepError):
        normalise([deep])


def test_keys_that_differ_by_surrogates_are_told_apart_only_while_they_are_few() -> None:
    def keys(count: int) -> dict[str, int]:
        return {chr(0xD800 + n // 512) + chr(0xD800 + n % 512): n for n in range(count)}

    assert sorted(normalise(keys(40)).values()) == list(range(40))
    with pytest.raises(TooAlikeError):
        normalise(keys(60_000))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[1,]", b"'x'", b"[" * 50_000, b"1 2"])
def test_what_is_not_json_says_where(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"line|byte|without end"):
        read(body)


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
