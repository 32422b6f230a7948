"""Answers to a camera's challenge, by the examples of the RFCs."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera.rtsp_login import Challenge, Login, best

# RFC 7616, 3.9.1
REALM, OPAQUE = "http-auth@example.org", "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
NONCE, CNONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
RESPONSES = {
    "MD5": "8ca523f5e9506fed4657c9700eebdbec",
    "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
}


def login(nonce: str = CNONCE) -> Login:
    return Login("Mufasa", "Circle of Life", lambda: nonce)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_example_of_rfc_7616(algorithm: str) -> None:
    header = f'Digest realm="{REALM}", qop="auth, auth-int", algorithm={algorithm}, nonce="{NONCE}", opaque="{OPAQUE}"'
    challenge = best([header])
    assert challenge == Challenge(REALM, algorithm, NONCE, OPAQUE, with_qop=True)
    answer = login().answer(challenge, "GET", "/dir/index.html")
    assert f'response="{RESPONSES[algorithm]}"' in answer and "nc=00000001" in answer
    assert "nc=00000002" in login_twice(challenge)


def login_twice(challenge: Challenge) -> str:
    who = login()
    who.answer(challenge, "GET", "/")
    return who.answer(challenge, "GET", "/")


def test_without_qop_the_answer_is_that_of_rfc_2069() -> None:
    challenge = best(['Digest realm="IP Camera", nonce="abc"'])
    assert challenge is not None
    ha1 = hashlib.md5(b"Mufasa:IP Camera:Circle of Life").hexdigest()
    ha2 = hashlib.md5(b"DESCRIBE:rtsp://h/x").hexdigest()
    expected = hashlib.md5(f"{ha1}:abc:{ha2}".encode()).hexdigest()
    answer = login().answer(challenge, "DESCRIBE", "rtsp://h/x")
    assert f'response="{expected}"' in answer and "qop" not in answer and "algorithm" not in answer


def test_basic_is_taken_only_where_nothing_better_is_offered() -> None:
    basic, md5, sha = 'Basic realm="a"', 'Digest realm="a", nonce="n"', 'Digest realm="a", nonce="n", algorithm=SHA-256'
    assert best([basic]) == Challenge("a")
    for headers in ([basic, md5], [md5, basic], [f"{basic}, {md5}"], [f"{md5}, {basic}"]):
        found = best(headers)
        assert found is not None and found.algorithm == "MD5"
    both = best([md5, basic, sha])
    assert both is not None and both.algorithm == "SHA-256"
    assert login().answer(Challenge("a"), "DESCRIBE", "x") == "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl"  # RFC 7617's form


def test_what_is_not_known_here_is_not_answered() -> None:
    assert best([]) is None
    assert best(['Digest realm="a", nonce="n", algorithm=SHA-512-256', "Negotiate", 'Bearer realm="x"']) is None
    assert best(['Digest realm="a", nonce="n", qop="auth-int"']) is None


def test_a_stale_nonce_is_seen_and_quotes_are_kept() -> None:
    challenge = best([r'Digest realm="a \"b\"", nonce="n", stale=TRUE'])
    assert challenge == Challenge('a "b"', "MD5", "n", stale=True)
    assert r'realm="a \"b\""' in login().answer(challenge, "OPTIONS", "*")


@given(st.text(max_size=80), st.text(max_size=20))
def test_no_header_makes_it_fail_or_break_the_request(header: str, name: str) -> None:
    for text in (header, f"Digest {header}", f'Digest realm="{header}", nonce="{header}"'):
        challenge = best([text])
        if challenge is not None:
            answer = Login(name, "p", lambda: "c").answer(challenge, "OPTIONS", "rtsp://h/")
            assert "\r" not in answer and "\n" not in answer
