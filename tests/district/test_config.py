"""district.toml: read whole, or every problem with its line and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from district.config import load
from district.words import words
from telemetry.configuration.problems import ConfigurationError

GOOD = """\
[district]
id = "hai-chau"
name = "Hải Châu"
label = "Quận"

[broker]
url = "mqtts://hub.hai-chau.example"
username = "hub"
password_file = "secret"

[console]
listen = "[::1]:8443"

[[ward]]
id = "hai-chau-1"
name = "Phường Hải Châu 1"

[[ward]]
id = "thach-thang"
name = "Phường Thạch Thang"
"""


def _write(folder: Path, text: str) -> Path:
    (folder / "secret").write_text("s3cret\n", encoding="utf-8")
    path = folder / "district.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    found = load(_write(tmp_path, GOOD))
    assert found.district.title == "Quận Hải Châu"
    assert (found.broker.host, found.broker.port, found.broker.tls) == ("hub.hai-chau.example", 8883, True)
    assert found.broker.password is not None
    assert found.broker.password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(found)
    assert (found.console.listen.host, found.console.listen.port) == ("::1", 8443)
    assert found.names == {"hai-chau-1": "Phường Hải Châu 1", "thach-thang": "Phường Thạch Thang"}
    assert found.store_path == tmp_path / "data" / "store.db"


BAD = {
    'label = "Quận"': ('lable = "Quận"', 4, ["unknown key “lable”", "“label”", "id, name, label, data_dir"]),
    'id = "hai-chau"': ('id = "Hải Châu"', 2, ["id = “Hải Châu”: only lower-case"]),
    'url = "mqtts://hub.hai-chau.example"': (
        'url = "http://hub"',
        7,
        ["url = “http://hub”", "mqtt://host:1883, mqtts://host:8883"],
    ),
    'password_file = "secret"': ('password = "s3cret"', 9, ["does not belong", "password_file", "password_env"]),
    'username = "hub"': ('password_env = "A"', 9, ["given twice", "password_file, password_env"]),
    'listen = "[::1]:8443"': ('listen = "8443"', 12, ["listen = “8443” is no address", "127.0.0.1:8080"]),
    'id = "thach-thang"': ('id = "hai-chau-1"', 19, ["“hai-chau-1” is already on line 15"]),
    "[console]": ("[consol]", 11, ["“consol”", "“console”", "broker"]),
    '[[ward]]\nid = "thach-thang"': ('[[ward]]\ncode = 3\nid = "thach-thang"', 19, ["“code”", "id, name"]),
}


@pytest.mark.parametrize("part", BAD)
def test_each_problem_has_its_line_and_what_is_allowed(tmp_path: Path, part: str) -> None:
    replacement, line, says = BAD[part]
    path = _write(tmp_path, GOOD.replace(part, replacement, 1))
    with pytest.raises(ConfigurationError) as caught:
        load(path, environment={"A": "x"})
    told = "\n".join(text for text in caught.value.texts(words("en")) if text.startswith(f"{path}:{line}:"))
    assert all(word in told for word in says), caught.value.texts(words("en"))
    assert not set(caught.value.texts(words("vi"))) & set(caught.value.texts(words("en")))


def test_all_problems_are_told_at_once_and_no_secret_with_them(tmp_path: Path) -> None:
    text = GOOD.replace("label", "lable").replace("listen", "listens").replace("password_file = ", "password = ")
    with pytest.raises(ConfigurationError) as caught:
        load(_write(tmp_path, text.replace('"secret"', '"tell-nobody"')))
    assert len(caught.value.problems) == 3
    assert "tell-nobody" not in caught.value.report(words("vi")) + str(caught.value)


@pytest.mark.parametrize("text", ["", "[district", "district = 1\nbroker = 2\nward = 3\n", "[[ward]]\n"])
def test_what_is_no_configuration_is_refused_in_words(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(_write(tmp_path, text))
    assert caught.value.texts(words("vi"))


@pytest.mark.parametrize(
    ("console", "says"),
    [
        ('tls_cert = "secret"\n', "11: [console]: tls_cert and tls_key go together."),
        ('tls_cert = "secret"\ntls_key = "gone"\n', "13: [console]: tls_key: there is no file"),
        ('origins = "https://hub"\n', "12: [console]: origins must be a list"),
        ("listen = 8443\n", "12: [console]: listen = “8443” is no address to listen on. Allowed: 127.0.0.1:8080."),
    ],
)
def test_what_the_console_cannot_be_served_with_is_told(tmp_path: Path, console: str, says: str) -> None:
    path = _write(tmp_path, GOOD.replace('listen = "[::1]:8443"\n', console))
    with pytest.raises(ConfigurationError) as caught:
        load(path, environment={})
    [told] = caught.value.texts(words("en"))
    assert told.startswith(f"{path}:{says}")


def test_a_name_that_is_too_long_for_the_console_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(_write(tmp_path, GOOD.replace('name = "Hải Châu"', f'name = "{"x" * 201}"')))
    [told] = caught.value.texts(words("en"))
    assert "name is too long. Allowed: ≤ 200." in told


def test_a_broker_s_address_has_no_password_and_its_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(_write(tmp_path, GOOD.replace("mqtts://hub", "mqtts://u:geheim@hub")))
    [told] = caught.value.texts(words("en"))
    assert "carries no user or password" in told
    assert "geheim" not in told


def test_the_store_is_in_the_data_folder_and_that_beside_the_file(tmp_path: Path) -> None:
    text = GOOD.replace('label = "Quận"', 'data_dir = "state"') + '[store]\npath = "numbers.db"\n'
    assert load(_write(tmp_path, text)).store_path == tmp_path / "state" / "numbers.db"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "nothing.toml")
    assert "cannot read" in caught.value.report(words("en"))
