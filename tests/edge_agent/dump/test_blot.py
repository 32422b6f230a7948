"""The blotter: no original name, serial number or address occurs, and what decoders read stays."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from collectors.protocols.snmp_values import number
from edge_agent.dump import nut, snmprec
from edge_agent.dump.blot import Blotter
from edge_agent.dump.snmprec import Row

LETTERS = string.ascii_letters + string.digits + "ạộườ"
# A name of figures, or one that reads as hexadecimal, occurs by chance in what nobody would call telling.
NAME = st.text(LETTERS, min_size=4, max_size=20).filter(
    lambda each: not set(each.casefold()) <= set("0123456789abcdefx")
)
MAC = st.binary(min_size=6, max_size=6).filter(lambda mac: len(set(mac)) >= 4)
ADDRESS = st.tuples(st.just(192), st.just(168), st.integers(0, 255), st.integers(1, 254))
SYS_NAME, SYS_DESCR, MY_COLUMN = "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.1.0", "1.3.6.1.4.1.99999.1.1.0"


def lines(*rows: Row, known: tuple[str, ...] = ()) -> str:
    return "\n".join(snmprec.blotted(rows, Blotter(b"key"), known)[0])


def unhexed(text: str) -> str:
    """The file with its hexadecimal values read: a name hidden in them is no less told."""
    read = []
    for line in text.splitlines():
        oid, tag, value = line.split("|", 2)
        read.append(f"{oid}|{bytes.fromhex(value).decode('utf-8', 'replace') if tag.endswith('x') else value}")
    return "\n".join(read)


@given(NAME, NAME, MAC, ADDRESS, st.sampled_from(["{n} {s}", "x{n}y", "at {a}: {m}", "{n}@{n}.vn", "S/N {s}"]))
def test_no_original_name_serial_mac_or_address_occurs(
    name: str, serial: str, mac: bytes, address: tuple[int, ...], pattern: str
) -> None:
    dotted, written = ".".join(map(str, address)), mac.hex(":")
    told = pattern.format(n=name, s=serial, a=dotted, m=written).encode()
    index = ".".join(map(str, mac))
    text = lines(
        Row(SYS_DESCR, "4", b"Model X " + told),
        Row(SYS_NAME, "4", name.encode()),
        Row("1.3.6.1.2.1.47.1.1.1.1.11.1", "4", serial.encode()),
        Row("1.3.6.1.2.1.2.2.1.6.1", "4", mac),
        Row(MY_COLUMN, "4", told),
        Row("1.3.6.1.4.1.99999.2.1", "4", b"\x01" + mac + b"\xff"),
        Row("1.3.6.1.4.1.99999.3.1", "64", dotted),
        Row(f"1.3.6.1.4.1.99999.4.{dotted}", "2", 1),
        Row(f"1.3.6.1.4.1.99999.5.{index}", "2", 1),
    )
    everything = unhexed(text).casefold() + text.casefold()
    for secret in (name, serial):
        assert secret.casefold() not in everything
    assert mac.hex() not in everything
    assert written not in everything
    assert f"|{dotted}" not in text
    assert f".{dotted}|" not in text
    assert f".5.{index}|" not in text


@given(st.floats(-999, 9999).map(lambda each: f"{each:.1f}"), st.sampled_from(["", " C", " percent", " Büro"]))
def test_a_figure_at_the_start_of_a_text_stays(figure: str, after: str) -> None:
    text = Blotter(b"key").text(figure + after)
    assert number(text) == number(figure)
    assert "Büro" not in text


@given(NAME)
def test_the_same_word_becomes_the_same_word_of_its_length_and_another_dump_s_is_another(name: str) -> None:
    one = Blotter(b"one")
    one.learn([name])
    assert one.whole(name) == one.whole(name)
    assert len(one.whole(name)) == len(name)
    assert one.text(f"a {name} b") == f"a {one.whole(name)} b"


@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=300)), max_size=8))
def test_any_octets_become_a_file_that_can_be_read(values: list[tuple[int, bytes]]) -> None:
    text = lines(*(Row(f"1.3.6.1.4.1.99999.{leaf}.{n}", "4", value) for n, (leaf, value) in enumerate(values)))
    assert len(text.splitlines()) == len(values)
    unhexed(text)


def test_model_supplies_and_states_stay() -> None:
    text = lines(
        Row(SYS_DESCR, "4", b"Smart-UPS X 750 FW:UPS 09.8 SN:AS1234567890"),
        Row("1.3.6.1.2.1.43.11.1.1.6.1.1", "4", b"Black Toner Cartridge TN-2375"),
        Row("1.3.6.1.2.1.1.2.0", "6", "1.3.6.1.4.1.318.1.3.27"),
        Row(MY_COLUMN, "4", b"on line"),
        Row("1.3.6.1.4.1.99999.7.0", "2", 1234567890),
    )
    assert "Smart-UPS X 750 FW:UPS 09.8" in text
    assert "AS1234567890" not in text
    assert "Black Toner Cartridge TN-2375" in text
    assert "1.3.6.1.4.1.318.1.3.27" in text
    assert "|4|on line" in text
    assert "1234567890" in text


def test_the_host_community_and_user_of_the_configuration_do_not_occur() -> None:
    text = lines(Row(MY_COLUMN, "4", b"trap sesame to monitor"), known=("sesame", "monitor", "10.1.2.3"))
    assert "sesame" not in text
    assert "monitor" not in text


def test_nut_variables_are_blotted_by_name() -> None:
    told = {
        "ups.serial": "3B1234X56789",
        "ups.model": "TG1000",
        "battery.charge": "90",
        "ups.status": "OL",
        "device.location": 'Phòng "một cửa"',
        "driver.parameter.desc": "UPS of chi Lan",
    }
    text = nut.render(told, Blotter(b"key"), ("santak", "10.1.2.3", ""))
    assert 'VAR ups battery.charge "90"' in text
    assert 'VAR ups ups.model "TG1000"' in text
    for secret in ("3B1234X56789", "Phòng", "Lan"):
        assert secret not in text
