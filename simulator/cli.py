"""The command ward-sim."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.client import ControlError, StateFolder, ask
from simulator.words import LANGUAGES, both, fault_words

BAD_USAGE = 2
FAILED = 1

app = typer.Typer(
    help="The virtual ward, and its faults.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
ControlOption = Annotated[int | None, typer.Option("--control", help="Control port on 127.0.0.1.", min=1, max=65535)]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command()
def run(
    ward: Annotated[
        Path | None, typer.Option("--ward", help="Ward file (TOML); default: the one that comes along.")
    ] = None,
    port_base: Annotated[int, typer.Option(help="First port of the devices; 0: any free ones.", min=0, max=65000)] = 0,
    control: Annotated[int, typer.Option(help="Control port; 0: any free one.", min=0, max=65535)] = 0,
    speed: Annotated[float, typer.Option(help="Seconds of the ward per second.", min=0.01, max=1000.0)] = 1.0,
    begin: Annotated[str, typer.Option("--begin", help="Time of a working Monday, HH:MM, or now.")] = "09:15",
    broker: Annotated[str | None, typer.Option(help="HOST:PORT beyond the MAN; makes the line.")] = None,
    man_port: Annotated[int, typer.Option(help="Port of the ward's end of the MAN; 0: any free one.", min=0)] = 0,
    hub: Annotated[str | None, typer.Option(help="HOST:PORT of the hub's web, on the same line.")] = None,
    hub_port: Annotated[int, typer.Option(help="Port of the ward's end of that; 0: any free one.", min=0)] = 0,
    cut: Annotated[str, typer.Option(help="How man-down shows: hang or reset.")] = "hang",
    traps: Annotated[str | None, typer.Option(help="HOST:PORT to which UPS units send SNMP traps.")] = None,
    discoverable: Annotated[
        bool, typer.Option("--discoverable", help="ONVIF devices answer WS-Discovery on the loopback.")
    ] = False,
    write_config: Annotated[Path | None, typer.Option(help="Write the agent's configuration here.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="More in the log.")] = False,
) -> None:
    """Run a virtual ward until it is interrupted; prints one JSON line when every device answers."""
    # The engines behind it take half a second to load, which `ward-sim fault` need not wait for.
    from simulator.run import Options, OptionsError, serve

    try:
        options = Options.of(
            ward=ward,
            port_base=port_base,
            control=control,
            speed=speed,
            begin=begin,
            broker=broker,
            man_port=man_port,
            hub=hub,
            hub_port=hub_port,
            cut=cut,
            traps=traps,
            discoverable=discoverable,
            write_config=write_config,
            verbose=verbose,
        )
    except OptionsError as error:
        _fail(both(error.code, **error.values), BAD_USAGE)
    try:
        serve(options)
    except OSError as error:
        _fail(both("cannot_open", error=error), FAILED)


@app.command()
def fault(
    name: Annotated[str, typer.Argument(help="One of: ward-sim faults.")],
    target: Annotated[str, typer.Argument(metavar="DEVICE", help="A device of the ward, or ward.")],
    state: Annotated[str, typer.Argument(metavar="on|off")],
    control: ControlOption = None,
    cut: Annotated[str | None, typer.Option(help="For man-down: hang or reset.")] = None,
) -> None:
    """Switch a fault on or off in the ward that is running."""
    if state not in ("on", "off"):
        _fail(both("on_or_off", state=state), BAD_USAGE)
    request: dict[str, object] = {"do": "fault", "name": name, "target": target, "on": state == "on"}
    if cut is not None:
        request["cut"] = cut
    _ask(control, request)
    for number, language in enumerate(LANGUAGES):
        title, _ = fault_words(name, language)
        line = both(f"switched_{state}", title=title, target=target).splitlines()[number]
        typer.echo(line)


@app.command()
def faults(control: ControlOption = None, as_json: JsonOption = False) -> None:
    """Which faults are on now, and which there are."""
    answer = _ask(control, {"do": "faults"})
    if as_json:
        typer.echo(json.dumps(answer["faults"], ensure_ascii=False))
        return
    on = [(known["name"], target) for known in answer["faults"] for target in known.get("active", [])]
    typer.echo(both("faults_on" if on else "no_faults"))
    for name, target in on:
        typer.echo(f"    {name} {target}")
    typer.echo(both("faults_known"))
    for known in answer["faults"]:
        _tell(known)


@app.command()
def state(control: ControlOption = None) -> None:
    """How every device of the ward fares, as one JSON document."""
    typer.echo(json.dumps(_ask(control, {"do": "state"}), ensure_ascii=False))


def _tell(known: dict[str, Any]) -> None:
    typer.echo(f"    {known['name']}")
    for language in LANGUAGES:
        title, what = fault_words(known["name"], language)
        typer.echo(f"        {title}. {what}")
    typer.echo(f"        {', '.join(target for target in known['targets'] if ':' not in target)}")


def _ask(control: int | None, request: dict[str, object]) -> dict[str, Any]:
    try:
        port = control if control is not None else StateFolder.of_user().control_port()
        answer = ask(port, **request)
    except ControlError as error:
        _fail(both(error.code, port=error.port), FAILED)
    if not answer["ok"]:
        known = ", ".join(answer.get("known", []))
        words = both(answer.get("error", "bad_answer"), name=answer.get("name", ""), known=known, port=control or 0)
        _fail(words, BAD_USAGE)
    return answer


def _fail(words: str, status: int) -> Any:
    sys.stderr.write(words + "\n")
    raise typer.Exit(status)


def main() -> None:
    app()
