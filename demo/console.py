"""The district's API as the demo's report reads it: the same requests that a browser makes."""

from __future__ import annotations

import httpx

from dashboards.console.models import WardPageOut


class Console:
    """A signed-in reader of the district's API."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self.address, self.user, self.password = address, user, password
        self._client = httpx.Client(base_url=address, timeout=5.0)
        self._signed_in = False

    @property
    def cookie(self) -> str:
        """The session's cookie as a request header's value."""
        return "; ".join(f"{name}={value}" for name, value in self._client.cookies.items())

    def ward(self, ward: str) -> WardPageOut | None:
        """The ward as its page shows it, or None while the district does not answer (yet)."""
        try:
            if not self._signed_in:
                answer = self._client.post("/api/session", json={"user": self.user, "password": self.password})
                self._signed_in = answer.status_code == 200
                if not self._signed_in:
                    return None
            answer = self._client.get(f"/api/wards/{ward}")
        except httpx.TransportError:
            return None
        return WardPageOut.model_validate_json(answer.content) if answer.status_code == 200 else None

    def close(self) -> None:
        self._client.close()


def every_device_has_readings(page: WardPageOut) -> bool:
    return bool(page.devices) and all(device.readings for device in page.devices)
