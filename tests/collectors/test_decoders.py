"""The pure decoders, fed by hypothesis with what no device should send and some do."""

from __future__ import annotations

import math
import struct
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import mib_tables
from collectors.entity_sensor import scaled
from collectors.host_resources import Storage, disks, memory, storages
from collectors.icmp import NotPermitted, parse_ping
from collectors.interfaces import _Sample, counts, rates
from collectors.mib_tables import Mib, MibValue, Where, bind, readings
from collectors.printer import Supply, error_readings, level_percent, supply_readings
from collectors.protocols import snmp_values
from telemetry.readings import Reading

TODAY = date(2026, 11, 25)
written_dates = st.dates().map(lambda day: f"{day.month:02}/{day.day:02}/{day.year:04}".encode())
values = st.none() | st.integers() | st.floats() | st.binary(max_size=40) | st.text(max_size=40) | written_dates
indexes = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3})?", fullmatch=True)
columns = st.dictionaries(indexes, values, max_size=8)


@given(values)
def test_a_number_is_finite_or_none(value: snmp_values.Value) -> None:
    found = snmp_values.number(value)
    assert found is None or math.isfinite(found)


@given(values)
def test_a_text_has_no_control_characters_and_is_short(value: snmp_values.Value) -> None:
    found = snmp_values.text(value)
    assert len(found) <= snmp_values.MAX_TEXT
    assert not any(ord(character) < 32 for character in found)
    found.encode("utf-8", errors="strict")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (4294967295, None),
        (2147483647, None),
        (-2147483648, None),
        (65535, 65535.0),  # a marker only where a data table says so
        (b"27.53", 27.53),
        (b"15 PERCENT", 15.0),
        (b"23,5", 23.5),
        (b"-", None),
        (b"04 October 2024,11:33:55", 4.0),
        (b"10:33:55", None),
        (b"\x9f\x78\x04" + struct.pack(">f", 21.5), 21.5),
        (b"\x9f\x79\x08" + struct.pack(">d", -2.25), -2.25),
        (b"\x9f\x78\x04" + struct.pack(">f", math.nan), None),
        (b"\xff\xfe", None),
        (None, None),
    ],
)
def test_numbers_as_devices_send_them(value: snmp_values.Value, number: float | None) -> None:
    assert snmp_values.number(value) == number


def test_texts_in_any_encoding_are_readable() -> None:
    assert snmp_values.text("黑色碳粉".encode()) == "黑色碳粉"
    assert snmp_values.text("Tầng hầm".encode()) == "Tầng hầm"
    assert snmp_values.text(b"Caf\xe9\x00\x00") == "Café"
    assert snmp_values.text(b"two\r\nlines") == "two lines"


@pytest.mark.parametrize("file", ["ups", "environment", "host", "makers"])
def test_every_data_table_is_whole_and_says_its_source(file: str) -> None:
    for mib in mib_tables.mibs(file):
        assert mib.source, mib.name
        assert mib.base.startswith("1."), mib.name
        for value in mib.value:
            assert not value.oid.startswith("."), (mib.name, value.oid)
            walked = any(not part or value.oid == part or value.oid.startswith(f"{part}.") for part in mib.walk)
            assert walked, f"{mib.name}: {value.oid} is in none of the subtrees that are walked"


@given(st.sampled_from(["ups", "environment", "host", "makers"]), st.dictionaries(st.sampled_from(range(400)), values))
def test_whatever_a_device_puts_into_a_table_only_plausible_readings_come_out(
    file: str, told: dict[int, snmp_values.Value]
) -> None:
    specs = [(mib, value) for mib in mib_tables.mibs(file) for value in mib.value]
    for number, value in told.items():
        mib, spec = specs[number % len(specs)]
        rows = {f"{spec.oid}.1": value, f"{spec.oid}.2.3": value}
        bound = bind(mib, rows, set(), TODAY)
        for reading in readings(bound, {item.oid: value for item in bound}, TODAY):
            assert math.isfinite(reading.value)
            assert mib_tables.plausible(reading.metric, reading.value) is not None


def _room(**more: object) -> Mib:
    spec = MibValue.model_validate({"metric": "temperature_celsius", "oid": "5", "scale": 0.1, **more})
    return Mib(name="a sensor", source="this test", base="1.3.6.1.4.1.1", value=[spec])


def _told(mib: Mib, rows: dict[str, snmp_values.Value]) -> list[Reading]:
    return readings(bind(mib, rows, set()), {f"{mib.base}.{oid}": value for oid, value in rows.items()})


def test_a_single_row_has_no_instance_and_several_have_their_label() -> None:
    assert _told(_room(), {"5.0": 213}) == [Reading("temperature_celsius", pytest.approx(21.3))]
    found = _told(_room(label="2"), {"5.1": 213, "5.2": 220, "2.1": b"Hall", "2.2": b"Archive"})
    assert [reading.instance for reading in found] == ["Hall", "Archive"]


def test_rows_of_one_name_are_told_apart() -> None:
    found = _told(_room(label="2"), {"5.1": 213, "5.2": 220, "2.1": b"Sensor", "2.2": b"Sensor"})
    assert [reading.instance for reading in found] == ["Sensor 1", "Sensor 2"]


def test_rows_that_are_no_temperature_are_left_out() -> None:
    where = [Where(oid="7", any=[1]).model_dump()]
    found = _told(_room(where=where), {"5.1": 213, "5.2": 990, "5.3": -2730, "7.1": 1, "7.2": 4, "7.3": 1})
    assert [reading.value for reading in found] == [pytest.approx(21.3)]


@given(st.none() | st.integers(), st.none() | st.integers(), st.none() | st.integers())
def test_a_level_is_a_percentage_or_nothing(level: int | None, top: int | None, unit: int | None) -> None:
    found = level_percent(level, top, unit)
    assert found is None or 0 <= found <= 100
    if level is not None and level < 0:
        assert found is None


def _named(name: str, kind: int | None = 3, colorant: str = "", percent: float | None = 50.0) -> Supply:
    return Supply(name, colorant, kind, False, percent)


@pytest.mark.parametrize(
    ("supply", "metric"),
    [
        (_named("Black Toner Cartridge"), "toner_black_percent"),
        (_named("Toner (Cyan)", kind=None), "toner_cyan_percent"),
        (_named("Magenta Ink Supply Unit T9443", kind=5), "ink_magenta_percent"),
        (_named("黃色碳粉"), "toner_yellow_percent"),
        (_named("Mực vàng"), "toner_yellow_percent"),
        (_named("Hộp mực đen"), "toner_black_percent"),
        (_named("Hộp mực xanh"), "toner_cyan_percent"),
        (_named("Тонер-картридж пурпурный", kind=None), "toner_magenta_percent"),
        (_named("Tóner amarillo", kind=None), "toner_yellow_percent"),
        (_named("Toner preto"), "toner_black_percent"),
        (_named("TNP-49C"), "toner_cyan_percent"),
        (_named("K Toner"), "toner_black_percent"),
        (_named("TK-5240C"), "toner_cyan_percent"),
        (_named("TK-5240MS"), "toner_magenta_percent"),
        (_named("TN-421BK"), "toner_black_percent"),
        (_named("Cartridge 046", colorant="yellow"), "toner_yellow_percent"),
        (_named("Print Cartridge (K)"), "toner_black_percent"),
        (_named("Black Drum 828A", kind=9), "supply_percent"),
        (_named("Drum Cartridge (Cyan)", kind=None), "supply_percent"),
        (_named("Developer Cartridge (Black)", kind=None), "supply_percent"),
        (_named("Fuser Kit", kind=15), "supply_percent"),
        (_named("Photo Black Ink", kind=5), "supply_percent"),
    ],
)
def test_supplies_by_colour(supply: Supply, metric: str) -> None:
    others = [_named("Cyan Toner", percent=None), _named("Black Toner", percent=None)]
    assert [reading.metric for reading in supply_readings([*others, supply])] == [metric]


def test_a_printer_with_one_toner_prints_black() -> None:
    found = supply_readings([_named("PK-3010S"), _named("Waste Toner Box", kind=4)])
    assert found == [Reading("toner_black_percent", 50.0)]


def test_waste_and_unknown_levels_are_no_percentages() -> None:
    assert supply_readings([_named("Waste Toner Container", kind=None), _named("Black Toner", percent=None)]) == []
    assert level_percent(-3, 100, 19) is None
    assert level_percent(-2, -2, None) is None
    assert level_percent(50, -2, 19) == 50


@pytest.mark.parametrize(
    ("octets", "jammed", "no_paper", "open_door"),
    [(b"\x00", 0, 0, 0), (b"\x04", 1, 0, 0), (b"\x40\x00", 0, 1, 0), (b"\x08", 0, 0, 1), (b"", 0, 0, 0), (5, 0, 0, 0)],
)
def test_error_bits_of_a_printer(octets: snmp_values.Value, jammed: int, no_paper: int, open_door: int) -> None:
    found = {reading.metric: reading.value for reading in error_readings(octets)}
    assert found == {"printer_jammed": jammed, "printer_out_of_paper": no_paper, "printer_door_open": open_door}


@given(columns, columns, columns, columns, columns)
def test_storages_never_use_more_than_there_is(
    types: dict[str, snmp_values.Value],
    names: dict[str, snmp_values.Value],
    units: dict[str, snmp_values.Value],
    sizes: dict[str, snmp_values.Value],
    used: dict[str, snmp_values.Value],
) -> None:
    rows = storages(types, names, units, sizes, used)
    for reading in memory(rows) + disks(rows):
        assert reading.value >= 0
        assert reading.metric == "disk_free_bytes" or reading.value <= 100


def test_memory_that_the_system_would_give_back_is_not_used() -> None:
    ram = "1.3.6.1.2.1.25.2.1.2"
    rows = [Storage(ram, "Physical memory", 1000, 900), Storage("", "Cached memory", 500, 500)]
    assert memory(rows) == [Reading("memory_used_percent", 40.0)]


def test_disks_over_two_billion_units_are_read_through_the_sign() -> None:
    fixed = "1.3.6.1.2.1.25.2.1.4"
    rows = storages({"1": fixed}, {"1": b"/"}, {"1": 4096}, {"1": -1294967296}, {"1": 1500000000})
    assert disks(rows)[0] == Reading("disk_used_percent", 50.0, "/")


@given(st.none() | st.integers(), st.none() | st.integers(0, 20), st.none() | st.integers(-10, 10))
def test_entity_sensors_scale_without_surprise(value: int | None, scale: int | None, precision: int | None) -> None:
    found = scaled(value, scale, precision)
    assert found is None or math.isfinite(found)


def test_entity_sensor_units() -> None:
    assert scaled(215, 9, 1) == pytest.approx(21.5)
    assert scaled(21500, 8, 0) == pytest.approx(21.5)
    assert scaled(1_000_000_000, 9, 0) is None


# ---- counters --------------------------------------------------------------------------------------------------

GIGABIT = {"1": 1e9}


def _sample(at: float, received: int, uptime: int = 100, discontinuity: int = 0) -> _Sample:
    still: dict[str, snmp_values.Value] = {"1": 0}
    return _Sample(at, uptime, ({"1": received}, still, still, still), {"1": discontinuity})


def _rate(before: _Sample, now: _Sample, narrow: str = "") -> float | None:
    found = rates(before, now, {"1": "port 1"}, GIGABIT, narrow)
    return next((r.value for r in found if r.metric == "port_in_bits_per_second"), None)


def test_traffic_is_the_counters_difference_in_bits() -> None:
    assert _rate(_sample(0, 1000), _sample(10, 2000)) == 800


def test_a_32_bit_counter_that_wrapped_still_gives_a_rate() -> None:
    assert _rate(_sample(0, 2**32 - 1000), _sample(10, 1000), narrow="1") == 1600


def test_a_64_bit_counter_that_went_back_gives_none() -> None:
    assert _rate(_sample(0, 10**12), _sample(10, 5)) is None


def test_no_rate_across_a_restart_or_a_reset_of_the_port() -> None:
    assert _rate(_sample(0, 1000, uptime=5000), _sample(10, 2000, uptime=40)) is None
    assert _rate(_sample(0, 1000), _sample(10, 2000, discontinuity=77)) is None


def test_no_rate_across_a_restart_after_which_the_device_has_been_up_for_longer_than_before() -> None:
    assert _rate(_sample(0, 1000, uptime=500), _sample(60, 2000, uptime=1500)) is None
    assert _rate(_sample(0, 1000, uptime=500), _sample(60, 2000, uptime=6400)) is not None


def test_a_32_bit_counter_that_may_have_wrapped_twice_gives_no_rate() -> None:
    assert _rate(_sample(0, 1000), _sample(34, 2000, uptime=3500), narrow="1") is not None
    assert _rate(_sample(0, 1000), _sample(35, 2000, uptime=3600), narrow="1") is None


def test_more_than_the_line_carries_is_a_counter_that_jumped() -> None:
    assert _rate(_sample(0, 0), _sample(10, 2 * 10**9)) is None
    assert _rate(_sample(0, 2**32 - 1), _sample(1, 2**31), narrow="1") is None


@given(columns, columns, columns, columns, st.floats(0, 100), st.sets(indexes, max_size=4))
def test_rates_are_never_negative(
    a: dict[str, snmp_values.Value],
    b: dict[str, snmp_values.Value],
    c: dict[str, snmp_values.Value],
    d: dict[str, snmp_values.Value],
    seconds: float,
    narrow: set[str],
) -> None:
    before, now = _Sample(0, 1, (a, b, c, d), {}), _Sample(seconds, 2, (b, a, d, c), {})
    names = {index: index for index in {*a, *b, *c, *d}}
    assert all(reading.value >= 0 for reading in rates(before, now, names, {}, narrow))


def test_a_device_without_interfaces_has_no_counts() -> None:
    assert counts({}, {}) == []
    assert counts({"1": 1, "2": 2}, {"1": 1, "2": 2}) == [
        Reading("interfaces_count", 2.0),
        Reading("interfaces_up", 1.0),
    ]


# ---- ping's words ------------------------------------------------------------------------------------------------


def test_what_ping_prints_is_understood() -> None:
    output = (
        "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.5 ms\n"
        "64 bytes from 10.0.0.1: icmp_seq=2 ttl=64 time=1.5 ms\n\n"
        "--- 10.0.0.1 ping statistics ---\n4 packets transmitted, 2 received, 50% packet loss, time 3ms\n"
    )
    echoes = parse_ping(output, "")
    assert echoes.sent == 4
    assert echoes.times == (0.0005, 0.0015)


@given(st.text(), st.text())
def test_whatever_ping_prints_is_an_error_of_ours_or_echoes(output: str, errors: str) -> None:
    try:
        understood = parse_ping(output, errors).sent >= 0
    except (OSError, NotPermitted) as error:
        understood = bool(str(error))
    assert understood
