"""From the configured devices to what the scheduler asks, the rules judge and the district is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from camera.refusals import Refusals
from collectors import registry
from collectors.base import Collector
from collectors.config import BaseDevice, RtspDevice, VideoDevice
from edge_agent import cameras, lines, opening_hours
from edge_agent.config import Configuration, RuleSection
from edge_agent.cooled_room import CooledRoom
from edge_agent.cooling import CoolingJudge
from edge_agent.retention import recorders
from edge_agent.retention.memory import RetentionMemory
from edge_agent.rules.engine import Engine
from edge_agent.rules.model import Override, rules_for, severity_of
from edge_agent.schedule import Schedule
from telemetry.clock import Clock
from telemetry.kinds import Kind
from telemetry.readings import Inventory


def interval_of(device: BaseDevice) -> float:
    """Seconds between whole polls."""
    return device.interval or registry.default_interval(device.kind)


def schedules(
    configuration: Configuration, clock: Clock, refusals: Refusals, retention: RetentionMemory | None = None
) -> list[Schedule]:
    """Each device with its collector. `refusals`: what cameras refused, shared by all that log in to them. `retention`:
    what was found out of recorders."""
    found = []
    for device in configuration.devices:
        made = schedule(device, clock, refusals, configuration.devices)
        if device.target_celsius is not None:
            made = _with_cooling(made, device, configuration, clock)
        if isinstance(device, VideoDevice) and recorders.is_recorder(device):
            figures = partial(retention.figures, device.id, clock) if retention is not None else tuple
            mine = recorders.collector(device, configuration.devices, figures, clock, refusals)
            made = replace(made, collector=mine)
        found.append(made)
    return found


def inventory(configuration: Configuration) -> Inventory:
    """What stands in the ward, as its configuration says."""
    return Inventory(
        configuration.ward.name, tuple(device.info(interval_of(device)) for device in configuration.devices)
    )


def engine(configuration: Configuration) -> Engine:
    """The rules of every device, with the ward's own thresholds and opening hours."""
    changes = [change for device in configuration.devices for change in lines.rule_changes(device)]
    changes += [_override(rule) for rule in configuration.rules]
    # A condition that stays while nothing is known of it must not outlive the target that it was judged against.
    without = [device.id for device in configuration.devices if device.target_celsius is None]
    changes += [Override("cooling_failed", device, enabled=False) for device in without]
    rules = {device.id: rules_for(device.id, device.kind, changes) for device in configuration.devices}
    return Engine(rules, opening_hours.parse(configuration.ward.opening_hours))


def schedule(device: BaseDevice, clock: Clock, refusals: Refusals, devices: Sequence[BaseDevice] = ()) -> Schedule:
    """One device with its collector. `devices`: all of the ward, among which a camera's recorder is found."""
    collector = _collector(device, clock, refusals, devices)
    fast = device.fast_interval or registry.default_fast_interval(device.kind)
    return Schedule(
        device=device.id,
        collector=collector,
        interval=interval_of(device),
        fast_interval=fast if collector.has_vital else None,
        timeout=device.timeout,
    )


def _with_cooling(made: Schedule, device: BaseDevice, configuration: Configuration, clock: Clock) -> Schedule:
    """The same, with the room's cooling judged in opening hours."""
    assert device.target_celsius is not None
    judge = CoolingJudge(device.target_celsius, configuration.cooling.settings(made.interval))
    hours = opening_hours.parse(configuration.ward.opening_hours)
    return replace(made, collector=CooledRoom(made.collector, judge, hours, clock, device.target_sensor))


def _collector(device: BaseDevice, clock: Clock, refusals: Refusals, devices: Sequence[BaseDevice]) -> Collector:
    if isinstance(device, RtspDevice):
        return cameras.check(device, clock, refusals)
    if isinstance(device, VideoDevice) and device.kind is Kind.CAMERA:
        return cameras.interface_poll(device, clock, refusals, cameras.channel_of(device, devices))
    if isinstance(device, VideoDevice):
        return recorders.collector(device, devices, tuple, clock, refusals)
    return registry.collector_for(device, clock=clock)


def _override(rule: RuleSection) -> Override:
    return Override(
        rule=rule.id,
        device=rule.device or "",
        when=rule.when or "",
        enabled=rule.enabled,
        threshold=rule.threshold,
        clear=rule.clear,
        hold_seconds=rule.hold,
        clear_hold_seconds=rule.clear_hold,
        severity=None if rule.severity is None else severity_of(rule.severity),
        only_when_open=rule.only_when_open,
    )
