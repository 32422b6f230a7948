"""Evidence: canonical bodies, their way through an entry, and what is refused."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.clock import ClockState
from telemetry.entry import Entry, EntryError, decode, encode
from telemetry.evidence import (
    MOST_BODY_BYTES,
    Coverage,
    Day,
    Evidence,
    EvidenceError,
    Gap,
    PictureSeen,
    ReplayProof,
    Verdict,
    pack,
    unpack,
)

BLOB = hashlib.sha256(b"a picture").digest()
COVERAGE = Coverage(
    recorder="nvr-1",
    camera="cam-1",
    verdict=Verdict.NOT_MET,
    from_us=1,
    to_us=2,
    days=(Day(date="2026-11-24", open_percent=100.0, whole_percent=41.7),),
    gaps=(Gap(from_us=1, to_us=2),),
)
PROOF = ReplayProof(recorder="nvr-1", camera="cam-1", asked_us=5, shown_us=6, decoded=True, proves=True)
SEEN = PictureSeen(camera="cam-1", condition="covered", score=0.93, seen_us=7)


def entry(payload: Evidence) -> Entry:
    return Entry(b"i" * 16, 3, 10, b"b" * 16, 11, ClockState.SYNCHRONISED, "camera", "cam-1", payload)


@pytest.mark.parametrize("body", [COVERAGE, PROOF, SEEN], ids=lambda body: str(body.kind))
def test_what_is_packed_is_what_is_read_after_its_way_through_an_entry(
    body: Coverage | ReplayProof | PictureSeen,
) -> None:
    payload = decode(encode(entry(pack(body, (BLOB,))))).payload
    assert isinstance(payload, Evidence)
    assert payload.blobs == (BLOB,)
    assert unpack(payload) == body


def test_a_body_is_canonical_json_that_anybody_can_read() -> None:
    body = pack(SEEN).body
    again = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert body == again


@given(st.binary(max_size=200))
def test_no_bytes_are_taken_for_evidence_or_raise_anything_else(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        unpack(Evidence("coverage", data))


def test_a_body_of_a_later_version_is_told_not_guessed() -> None:
    with pytest.raises(EvidenceError):
        unpack(Evidence("audit", b'{"kind":"audit"}'))


def test_what_is_too_large_or_wrongly_named_is_refused_before_it_is_written() -> None:
    with pytest.raises(EvidenceError):
        pack(COVERAGE.model_copy(update={"gaps": (Gap(from_us=1, to_us=2),) * (MOST_BODY_BYTES // 10)}))
    with pytest.raises(EntryError):
        encode(entry(pack(SEEN, (b"short",))))
