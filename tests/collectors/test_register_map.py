"""Register maps: what is wrong in one is told with its line; requests are as few as may be."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.register_map import Register, load, plan
from telemetry.configuration.problems import ConfigurationError
from telemetry.configuration.words import words_of

HEAD = '[map]\nsource = "manual, page 3"\n'  # lines 1 and 2
ROOM = '[[register]]\nmetric = "temperature_celsius"\naddress = 5\n'  # from line 3 on


def told(folder: Path, text: str) -> list[str]:
    file = folder / "own.toml"
    file.write_text(text, encoding="utf-8")
    load.cache_clear()
    with pytest.raises(ConfigurationError) as caught:
        load(str(file))
    return [line.removeprefix(f"{file}:") for line in caught.value.texts(words_of("edge_agent", "en"))]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + ROOM + 'scale = "ten"\n', "6: [[register]] 1: scale must be a number, not “ten”."),
        (HEAD + ROOM + 'type = "int24"\n', "6: [[register]] 1: type = “int24” is not possible."),
        (HEAD + ROOM + "skale = 2\n", "6: [[register]] 1: unknown key “skale”. Did you mean “scale”?"),
        (HEAD + ROOM.replace("5", "70000"), "5: [[register]] 1: address = 70000 is out of range."),
        (HEAD + ROOM.replace("temperature_celsius", "temperature_celcius"), "4: [[register]] 1: metric = “temperature"),
        (HEAD + "[[register]]\naddress = 1\n", "3: [[register]] 1: the key “metric” is missing."),
        (HEAD + ROOM + 'fact = "model"\n', "6: [[register]] 1: unknown key “fact”."),
        (HEAD + ROOM + 'values = { 0 = "off" }\n', "6: [[register]] 1: values must be a number, not “0 = off”."),
        (HEAD + ROOM + "values = { x = 1 }\n", "6: [[register]] 1: values must be a number, not “x”."),
        (HEAD, "1: the table [[register]] is missing."),
        (ROOM, "1: the table [map] is missing."),
        (HEAD + "pause_ms = 99999\n" + ROOM, "3: [map]: pause_ms = 99999 is out of range."),
        (HEAD + "[[register]\n", "3: not proper TOML"),
    ],
)
def test_what_is_wrong_in_a_map_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    [line] = told(tmp_path, text)
    assert line.startswith(says)


def test_a_map_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(str(tmp_path / "none.toml"))
    assert "cannot read" in caught.value.texts(words_of("edge_agent", "en"))[0]


REGISTERS = st.builds(
    lambda at, table, kind: Register.model_validate(
        {"metric": "temperature_celsius", "address": at, "table": table, "type": kind}
    ),
    st.integers(0, 200),
    st.sampled_from(["holding", "input", "coil"]),
    st.sampled_from(["int16", "uint32", "float32"]),
)


@given(st.lists(REGISTERS, max_size=20), st.integers(1, 12))
def test_a_plan_asks_for_every_value_once_and_whole_within_the_limit(registers: list[Register], most: int) -> None:
    spans = plan(registers, range(len(registers)), most)
    asked = [number for span in spans for number in span.registers]
    assert sorted(asked) == list(range(len(registers)))
    for span in spans:
        widest = max(registers[number].width for number in span.registers)
        assert span.count <= max(most, widest)
        for number in span.registers:
            words = list(range(span.start, span.start + span.count))
            register = registers[number]
            assert span.table == register.table
            wanted = list(range(register.address, register.address + register.width))
            assert list(span.words_of(register, words)) == wanted


@given(st.floats(width=32), st.sampled_from(["high_first", "low_first"]))
def test_a_float_is_a_temperature_of_this_world_or_no_reading(value: float, order: str) -> None:
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    told = {"metric": "temperature_celsius", "address": 0, "type": "float32", "word_order": order}
    register = Register.model_validate(told)
    words = (high, low) if order == "high_first" else (low, high)
    assert register.number(words) == (value if -60 <= value <= 150 else None)
