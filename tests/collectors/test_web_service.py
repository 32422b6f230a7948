"""Services over HTTP and HTTPS: Python's own ssl and OpenSSL's s_server as the other end."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from collectors.config import HttpDevice, device_from
from collectors.web_service import HttpCollector
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import PollResult, ReasonCode
from tests.collectors.http_peer import Reply, path_of, serving
from tests.collectors.peers import value_of

PAGE = "<title>Một cửa</title>".encode()


def service(url: str, **more: object) -> HttpCollector:
    told = {"id": "one-stop", "kind": Kind.SERVICE, "protocol": "http", "url": url, "timeout": 5}
    return HttpCollector(HttpDevice.model_validate({**told, **more}), SystemClock())


def code_of(result: PollResult) -> ReasonCode | None:
    return result.reason.code if result.reason else None


def certificate(folder: Path, days: float, name: str = "localhost") -> Path:
    """A file with a key and its own certificate, good until `days` from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    file = folder / f"{name}-{days}.pem"
    file.write_bytes(pem)
    return file


@contextlib.contextmanager
def secure(file: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with serving(lambda request: Reply(200, PAGE), context) as port:
        yield port


async def test_a_service_that_answers_is_up_and_timed() -> None:
    with serving(lambda request: Reply(200, PAGE, {"Server": "nginx"})) as port:
        result = await service(f"http://127.0.0.1:{port}/", expect_text="Một cửa").poll()
    assert (result.reachable, result.reason) == (True, None)
    assert value_of(result, "service_up") == 1
    assert value_of(result, "http_status") == 200
    assert 0 < (value_of(result, "response_seconds") or 0) < 5
    assert value_of(result, "certificate_days_left") is None


@pytest.mark.parametrize(
    ("reply", "more", "code", "status"),
    [
        (Reply(503), {}, ReasonCode.ERROR_ANSWER, 503),
        (Reply(404), {"expect_status": [200, 404]}, None, 404),
        (Reply(401), {"expect_status": 401}, None, 401),
        (Reply(200), {"expect_status": 204}, ReasonCode.ERROR_ANSWER, 200),
        (Reply(302, headers={"Location": "/login"}), {"expect_status": 302}, None, 302),
        (Reply(200, b"Bao tri"), {"expect_text": "Một cửa"}, ReasonCode.UNEXPECTED_ANSWER, 200),
        (Reply(200, b" " * 70_000 + PAGE), {"expect_text": "Một cửa"}, ReasonCode.UNEXPECTED_ANSWER, 200),
        (Reply(200, zlib.compress(PAGE), {"Content-Encoding": "deflate"}), {"expect_text": "Một cửa"}, None, 200),
    ],
)
async def test_what_is_expected_of_an_answer(
    reply: Reply, more: dict[str, object], code: ReasonCode | None, status: float
) -> None:
    with serving(lambda request: reply) as port:
        result = await service(f"http://127.0.0.1:{port}/", **more).poll()
    assert result.reachable
    assert code_of(result) is code
    assert value_of(result, "service_up") == (0 if code else 1)
    assert value_of(result, "http_status") == status


async def test_redirects_are_followed_without_cookies_and_not_for_ever() -> None:
    asked: list[bytes] = []

    def answer(request: bytes) -> Reply:
        asked.append(request)
        path = path_of(request)
        if path == "/loop":
            return Reply(302, headers={"Location": "/loop"})
        if path == "/":
            return Reply(301, headers={"Location": f"http://localhost:{port}/home", "Set-Cookie": "session=secret"})
        return Reply(200, PAGE)

    with serving(answer) as port:
        assert value_of(await service(f"http://127.0.0.1:{port}/").poll(), "service_up") == 1
        assert not any(b"secret" in request for request in asked)
        asked.clear()
        result = await service(f"http://127.0.0.1:{port}/loop").poll()
    assert code_of(result) is ReasonCode.ERROR_ANSWER
    assert len(asked) == 6


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "javascript:0", "http://a:b/"])
async def test_a_redirect_to_no_proper_address_is_refused(location: str) -> None:
    with serving(lambda request: Reply(302, headers={"Location": location})) as port:
        result = await service(f"http://127.0.0.1:{port}/").poll()
    assert result.reachable
    assert code_of(result) is ReasonCode.GARBLED_ANSWER
    assert value_of(result, "service_up") == 0


async def test_a_service_that_sends_to_where_nothing_is_has_answered_all_the_same() -> None:
    with serving(lambda request: Reply(302, headers={"Location": "http://no-such-host.invalid/"})) as port:
        result = await service(f"http://127.0.0.1:{port}/").poll()
    assert result.reachable
    assert code_of(result) is ReasonCode.NAME_UNKNOWN


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\xff" * 3000])
async def test_what_is_no_http_is_garbled(raw: bytes) -> None:
    with serving(lambda request: raw) as port:
        result = await service(f"http://127.0.0.1:{port}/").poll()
    assert code_of(result) is ReasonCode.GARBLED_ANSWER
    assert value_of(result, "service_up") == 0


async def test_an_answer_that_never_ends_costs_its_time_out() -> None:
    with serving(lambda request: Reply(200, PAGE, hang=True)) as port:
        started = time.monotonic()
        result = await service(f"http://127.0.0.1:{port}/", timeout=0.5).poll()
    assert not result.reachable
    assert code_of(result) is ReasonCode.NO_ANSWER
    assert time.monotonic() - started < 3


async def test_a_closed_port_and_an_unknown_name_are_told(free_port: Callable[..., int]) -> None:
    closed = await service(f"http://127.0.0.1:{free_port()}/").poll()
    unknown = await service("http://no-such-host.invalid/").poll()
    assert [code_of(closed), code_of(unknown)] == [ReasonCode.PORT_CLOSED, ReasonCode.NAME_UNKNOWN]
    assert not closed.reachable
    assert not unknown.reachable
    assert value_of(unknown, "service_up") == 0


@pytest.mark.parametrize("host", ["a..b", "xn--zzzzzzzz99999999", "ü" * 70, "a" * 300, "-"])
async def test_a_name_that_is_none_is_unknown(host: str) -> None:
    assert code_of(await service(f"http://{host}/").poll()) is ReasonCode.NAME_UNKNOWN


async def test_a_certificate_tells_its_days(tmp_path: Path) -> None:
    file = certificate(tmp_path, 40)
    with secure(file) as port:
        result = await service(f"https://localhost:{port}/", ca_file=file).poll()
    assert result.reason is None
    assert value_of(result, "certificate_days_left") == pytest.approx(40, abs=0.1)


@pytest.mark.parametrize(
    ("days", "name", "trusted", "code"),
    [
        (-3, "localhost", True, ReasonCode.CERTIFICATE_EXPIRED),
        (40, "localhost", False, ReasonCode.CERTIFICATE_UNTRUSTED),
        (40, "mail.example", True, ReasonCode.CERTIFICATE_UNTRUSTED),
    ],
)
async def test_a_certificate_that_is_not_believed_tells_its_days_too(
    tmp_path: Path, days: float, name: str, trusted: bool, code: ReasonCode
) -> None:
    file = certificate(tmp_path, days, name)
    with secure(file) as port:
        result = await service(f"https://localhost:{port}/", ca_file=file if trusted else None).poll()
    assert result.reachable
    assert code_of(result) is code
    assert value_of(result, "service_up") == 0
    assert value_of(result, "certificate_days_left") == pytest.approx(days, abs=0.1)


@pytest.fixture
def openssl(peer: Callable[[str], str], tmp_path: Path, free_port: Callable[..., int]) -> Iterator[tuple[int, Path]]:
    """OpenSSL's own server: its port and the file of its certificate."""
    file, port = certificate(tmp_path, 10), free_port()
    command = [peer("openssl"), "s_server", "-accept", str(port), "-cert", str(file), "-key", str(file), "-www"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield port, file
    finally:
        process.terminate()
        process.wait(timeout=10)


async def test_openssls_own_server_is_read(openssl: tuple[int, Path]) -> None:
    port, file = openssl
    result = await service(f"https://localhost:{port}/", ca_file=file, expect_text="Cipher").poll()
    assert result.reason is None
    assert value_of(result, "certificate_days_left") == pytest.approx(10, abs=0.1)


async def test_plain_http_where_tls_was_expected_is_garbled() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        result = await service(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/").poll()
    assert code_of(result) is ReasonCode.GARBLED_ANSWER


async def test_a_missing_ca_file_is_told(tmp_path: Path) -> None:
    result = await service("https://127.0.0.1/", ca_file=tmp_path / "none.pem").poll()
    assert code_of(result) is ReasonCode.NOT_PERMITTED


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "https://user:secret@mail.example/"},
        {"url": "ftp://mail.example/"},
        {"url": "mail.example"},
        {"url": "https://mail.example/", "expect_status": 20},
        {"url": "https://mail.example/", "expect_status": "ok"},
        {"url": "https://mail.example/", "password": "x"},
    ],
)
def test_what_a_configuration_may_not_say_of_a_service(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        device_from({"id": "mail", "kind": "service", "protocol": "http", **wrong})


def test_an_address_is_shown_without_its_path() -> None:
    told = {"id": "mail", "kind": "service", "protocol": "http", "url": "https://mail.example:8443/a?token=b"}
    assert device_from(told).address() == "mail.example:8443"
