"""NUT: LIST VAR of one UPS, as upsd wrote it, with serial numbers and names blotted out."""

from __future__ import annotations

from collectors.config import NutDevice
from collectors.protocols.nut import NutClient
from edge_agent.dump.blot import Blotter
from edge_agent.dump.model import Dump, Told

# RFC 9271 appendix A: variables that people or factories wrote for one unit.
_SECRET = ("serial", "id", "location", "contact", "description", "macaddr", "port", "asset")
_KEPT = ("mfr", "model", "firmware", "type", "version", "data", "productid", "vendorid")


async def dump(device: NutDevice, blotter: Blotter, told: Told) -> Dump:
    """The variables of one UPS. The client's faults pass through."""
    client = NutClient(device)
    told(0, device.ups_name)
    try:
        variables = await client.variables()
    finally:
        await client.close()
    text = render(variables, blotter, (device.ups_name, device.host, device.username or ""))
    return Dump(f"{device.kind}.nut.txt", text, len(variables))


def render(variables: dict[str, str], blotter: Blotter, known: tuple[str, ...]) -> str:
    """`VAR ups NAME "VALUE"` for each."""
    blotter.learn(each for each in known if each not in ("ups", "localhost"))
    secret = {name for name in variables if name.rpartition(".")[2] in _SECRET}
    blotter.learn(variables[name] for name in secret)
    blotter.keep(value for name, value in variables.items() if name.rpartition(".")[2] in _KEPT)
    lines = []
    for name, value in variables.items():
        blotted = blotter.whole(value) if name in secret else blotter.text(value)
        escaped = blotted.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'VAR ups {name} "{escaped}"')
    return "\n".join(["BEGIN LIST VAR ups", *lines, "END LIST VAR ups"]) + "\n"
