"""Each key of a TOML file is found on its line."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from telemetry.toml_lines import Lines


def test_lines_are_found_through_every_shape_that_toml_has() -> None:
    text = (
        "# a comment with [brackets] and 'quotes\n"
        'title = "x # no comment"\n'  # 2
        "[a]\n"  # 3
        "b.c = 1\n"  # 4
        "'d e' = [\n  1, # ]\n  2,\n]\n"  # 5 to 8
        's = """\n[not.a.table]\nkey = "no" \\"""\n"""\n'  # 9 to 12
        "t = '''one''''\n"  # 13
        '[[f]]\n[f.g]\nh = {i = 1, j = ["]"]}\n'  # 14 to 16
        "[[f]]\r\nk = 1\n[[f.m]]\nn = 1\n[[f.m]]\nn = 2"  # 17 to 22
    )
    tomllib.loads(text)
    lines = Lines(text)
    assert lines.of(("title",)) == 2
    assert lines.of(("a", "b", "c")) == 4
    assert lines.of(("a", "d e")) == 5
    assert lines.of(("a", "s")) == 9
    assert lines.of(("a", "t")) == 13
    assert lines.of(("f", 0)) == 14
    assert lines.of(("f", 0, "g", "h")) == 16
    assert lines.of(("f", 0, "g", "h", "i")) == 16
    assert lines.of(("f", 1, "k")) == 18
    assert lines.of(("f", 1, "m", 1, "n")) == 22
    assert lines.of(("nothing",)) == 1


def _array(values: list[str]) -> str:
    return "[\n" + " # ]\n".join(f"{value}," for value in values) + "\n]"


_KEY = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True)
_STRING = st.one_of(
    st.from_regex(r'"[ a-z#\[\]{}=.,]*"', fullmatch=True),
    st.from_regex(r"'[ a-z#\[\]{}=.,\"\\]*'", fullmatch=True),
    st.from_regex(r'"""\n?([ a-z#\[\]=\n]*)"""', fullmatch=True),
    st.from_regex(r"'''\n?([ a-z#\[\]=\n\\]*)'''", fullmatch=True),
)
_VALUE = st.recursive(
    st.one_of(_STRING, st.just("1"), st.just("true")),
    lambda inner: st.lists(inner, max_size=3).map(_array),
    max_leaves=4,
)


@given(
    st.dictionaries(_KEY, _VALUE, min_size=1, max_size=6), st.lists(st.sampled_from(["", "# [x]", "  "]), max_size=3)
)
def test_lines_of_any_document_are_where_its_keys_stand(pairs: dict[str, str], blanks: list[str]) -> None:
    text, wanted = "", {}
    for key, value in pairs.items():
        text += "".join(f"{blank}\n" for blank in blanks)
        wanted[key] = text.count("\n") + 1
        text += f"{key} = {value}\n"
    tomllib.loads(text)
    lines = Lines(text)
    assert {key: lines.of((key,)) for key in pairs} == wanted
