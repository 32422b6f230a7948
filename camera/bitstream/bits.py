"""Bits of a parameter set (ITU-T H.264 and H.265, section 9)."""

from __future__ import annotations


class BitstreamError(ValueError):
    """Bytes that are no parameter set."""


class Bits:
    """Reads bits, most significant first. Raises IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @classmethod
    def of_unit(cls, unit: bytes, header_bytes: int) -> Bits:
        """A NAL unit's, without its header and the bytes that prevent start codes."""
        return cls(unit[header_bytes:].replace(b"\x00\x00\x03", b"\x00\x00"))

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | (self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1)
            self._at += 1
        return value

    def exp_golomb(self) -> int:
        """ue(v), 9.1."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise BitstreamError("a number that is longer than is allowed")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed_exp_golomb(self) -> int:
        """se(v), 9.1.1."""
        value = self.exp_golomb()
        return (value + 1) // 2 if value & 1 else -(value // 2)
