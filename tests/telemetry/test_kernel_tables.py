"""The kernel's ARP table: who answered, and nobody else, whatever the text."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from telemetry.kernel_tables import ArpEntry, complete_entries, read_kernel

HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"


def test_complete_entries_are_read_and_all_others_passed_over() -> None:
    lines = [
        "10.0.0.20        0x1         0x2         44:19:B6:00:00:01     *        eth0",
        "10.0.0.21        0x1         0x0         00:00:00:00:00:00     *        eth0",  # asked for, no answer
        "10.0.0.22        0x1         0x0         44:19:b6:00:00:02     *        eth0",  # no more
        "10.0.0.23        0x1         0x6         44:19:b6:00:00:03     *        eth1",  # set by hand
        "10.0.0.24        0x1         0x2         00:00:00:00:00:00     *        eth0",
        "10.0.0.25        0x1         0xzz        44:19:b6:00:00:04     *        eth0",
        "half a li",
    ]
    assert complete_entries(HEAD + "\n".join(lines)) == [
        ArpEntry("10.0.0.20", "44:19:b6:00:00:01", "eth0"),
        ArpEntry("10.0.0.23", "44:19:b6:00:00:03", "eth1"),
    ]


@given(st.text(max_size=300))
def test_any_text_is_no_defect(table: str) -> None:
    assert all(each.address and each.mac == each.mac.lower() for each in complete_entries(f"head\n{table}"))


def test_a_system_without_the_table_has_none(tmp_path: Path) -> None:
    assert read_kernel(tmp_path / "none") is None
