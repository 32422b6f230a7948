"""Printers and scanners."""

from __future__ import annotations

import random

from simulator.mibs import printer
from simulator.mibs.values import oid
from simulator.model.machine import Plate
from simulator.model.printer import Duty, Engine, Printer, Toner, Tray
from simulator.model.scanner import Scanner
from simulator.models.base import Model, Served, agent_of, of_type
from telemetry.kinds import Kind


def _mono(plate: Plate, chance: random.Random) -> Printer:
    duty = Duty(jobs_per_busy_hour=14, pages_per_job=3.2)
    toners = [Toner("black", 3000, 0.64)]
    built = Printer(plate, Engine(seconds_per_page=1.6), duty, toners, [Tray("Tray 1", 250, 190)], chance)
    built.pages_total, built.pages_since_power_on = 48_211, 1_204
    return built


def _colour(plate: Plate, chance: random.Random) -> Printer:
    duty = Duty(jobs_per_busy_hour=8, pages_per_job=4.0, colour_share=0.35)
    toners = [Toner("black", 5000, 0.55), Toner("cyan", 2800, 0.71), Toner("magenta", 2800, 0.38)]
    toners.append(Toner("yellow", 2800, 0.82))
    trays = [Tray("Tray 1", 100, 64), Tray("Tray 2", 500, 410)]
    engine = Engine(seconds_per_page=2.6, sleep_watts=14.0, print_watts=520.0)
    built = Printer(plate, engine, duty, toners, trays, chance)
    built.pages_total, built.pages_since_power_on = 17_904, 655
    return built


def _office(plate: Plate, chance: random.Random) -> Printer:
    duty = Duty(jobs_per_busy_hour=10, pages_per_job=2.6)
    toners = [Toner("black", 3100, 0.47)]
    built = Printer(plate, Engine(seconds_per_page=1.8), duty, toners, [Tray("Tray 1", 250, 155)], chance)
    built.pages_total, built.pages_since_power_on = 26_377, 410
    return built


def _scanner(plate: Plate, chance: random.Random) -> Scanner:
    return Scanner(plate, chance)


_HP_PRINTER = oid("1.3.6.1.4.1.11.2.3.9.1")
_BROTHER = oid("1.3.6.1.4.1.2435.2.3.9.1")
_PRINTER_MIB = of_type(Printer, printer.printer_mib)

PAPER: dict[str, Model] = {
    "printer-mono": Model(
        kind=Kind.PRINTER,
        vendor="Brother",
        model="HL-L5210DN",
        build=_mono,
        serves=Served.SNMP,
        objects=agent_of(_BROTHER, 72, _PRINTER_MIB),
        up_bits=6e3,
        down_bits=90e3,
    ),
    "printer-colour": Model(
        kind=Kind.PRINTER,
        vendor="HP",
        model="Color LaserJet Pro M454dn",
        build=_colour,
        serves=Served.SNMP,
        objects=agent_of(_HP_PRINTER, 72, _PRINTER_MIB),
        up_bits=6e3,
        down_bits=150e3,
    ),
    "printer-ipp": Model(
        kind=Kind.PRINTER,
        vendor="Canon",
        model="LBP243dw",
        build=_office,
        serves=Served.IPP,
        up_bits=5e3,
        down_bits=80e3,
    ),
    "scanner": Model(
        kind=Kind.SCANNER,
        vendor="Epson",
        model="DS-790WN",
        build=_scanner,
        serves=Served.ESCL,
        up_bits=120e3,
        down_bits=3e3,
    ),
}
