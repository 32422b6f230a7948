"""A configuration file becomes models, or every problem in it with its line and what is allowed, in both languages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SecretStr, field_validator

from telemetry.configuration import units
from telemetry.configuration.addresses import is_url, without_credentials
from telemetry.configuration.document import Document
from telemetry.configuration.fields import Id, Section, Text, refusal
from telemetry.configuration.problems import ConfigurationError, Problem, Wrong
from telemetry.configuration.words import LANGUAGES, Words

PLANT = '[plant]\nid = "p"\n'  # lines 1 and 2
PUMP = '[[pump]]\nid = "a"\n'


class Plant(Section):
    id: Id
    colour: Literal["red", "green"] = "red"
    level: Annotated[int, Field(ge=0, le=10)] = 0
    factor: float = 1.0
    every: Annotated[float, Field(gt=0, le=60)] | None = None
    max_bytes: int | None = None
    open: bool = True
    folder: Path | None = None
    names: tuple[Text, ...] = ()
    password: SecretStr | None = None
    auth_key: SecretStr | None = None
    community: SecretStr = SecretStr("public")
    valve: str = "shut"

    @field_validator("valve")
    @classmethod
    def _is_valve(cls, value: str) -> str:
        if value not in ("shut", "open"):
            raise refusal(Wrong.BAD_URL, ["shut", "open"])
        return value


class Pump(Section):
    id: Id
    label: Text = "pump"


@dataclass(frozen=True)
class Read:
    plant: Plant
    pumps: list[Pump]


def read(folder: Path, text: str | bytes, environment: dict[str, str] | None = None) -> Read:
    file = folder / "plant.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    document = Document(file, ("plant", "pump"), environment or {})
    plant = document.section("plant", Plant, needed=True)
    pumps = document.items("pump", Pump)
    if plant is None or not document.good:
        document.refuse()
    return Read(plant, pumps)


def told(folder: Path, text: str | bytes, environment: dict[str, str] | None = None) -> list[str]:
    """The problems in English, without the file's name: "12: …"; in Vietnamese each must say it otherwise."""
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, environment)
    found, vietnamese = (caught.value.texts(Words(language)) for language in ("en", "vi"))
    assert not set(found) & set(vietnamese)
    return [line.removeprefix(f"{folder / 'plant.toml'}:") for line in found]


def test_durations_sizes_paths_and_secrets_arrive_as_the_model_wants_them(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n", encoding="utf-8")
    text = 'every = "500ms"\nmax_bytes = "2GB"\nfolder = "below"\nauth_file = "key"\npassword_env = "PW"\n'
    text += "factor = 2.5\n"
    found = read(tmp_path, "\ufeff" + PLANT + text + PUMP, {"PW": "geheim"})
    assert (found.plant.every, found.plant.max_bytes, found.plant.factor) == (0.5, 2_000_000_000, 2.5)
    assert found.plant.folder == tmp_path / "below"
    assert found.plant.auth_key is not None
    assert found.plant.password is not None
    assert (found.plant.auth_key.get_secret_value(), found.plant.password.get_secret_value()) == ("s3cret", "geheim")
    assert "s3cret" not in repr(found)
    assert "geheim" not in repr(found)
    assert found.pumps == [Pump(id="a")]


CASES = {
    "colours = 1\n": r"3: \[plant\]: unknown key “colours”\. Did you mean “colour”\? Allowed: id, .*, password_file",
    'colour = "rde"\n': r"3: \[plant\]: colour = “rde” is not possible\. Did you mean “red”\? Allowed: red, green\.",
    'level = "low"\n': r"3: .*level must be a number, not “low”",
    "level = 11\n": r"3: .*level = 11 is out of range\. Allowed: ≤ 10\.",
    'open = "perhaps"\n': r"3: .*open must be true or false, not “perhaps”",
    "folder = 3\n": r"3: .*folder must be a text",
    'names = "one"\n': r"3: .*names must be a list",
    'names = [" "]\n': r"3: .*names\.0 is empty",
    'every = "5 minutes"\n': r'3: .*every = “5 minutes” is no duration.*"30s"',
    'max_bytes = "much"\n': r"3: .*max_bytes = “much” is no size",
    'valve = "ajar"\n': r"3: .*valve = “ajar” is no proper address.*Allowed: shut, open\.",
    'password = "geheim"\n': r"3: .*password: a secret does not.*Allowed: password_file, password_env\.",
    'auth_file = "gone"\n': r"3: .*auth_file: cannot read the secret in gone: No such",
    'auth_file = "empty"\n': r"3: .*auth_file: there is nothing in empty",
    "auth_file = 3\n": r"3: .*auth_file must be a text",
    'auth_env = "NOT_SET"\n': r"3: .*variable NOT_SET is not set",
    'auth_env = "A"\nauth_file = "a"\n': r"4: .*auth_file: the same secret is given twice.*auth_file, auth_env",
    'community = "a"\ncommunity_env = "A"\n': r"4: .*community_env: the same secret is given twice",
    "[[pump]]\n": r"3: \[\[pump\]\] 1: the key “id” is missing",
    '[[pump]]\nid = "A 1"\n': r"4: \[\[pump\]\] A 1: id = “A 1”: only lower-case",
    PUMP + PUMP: r"6: \[\[pump\]\] a: the id “a” is already on line 4\.",
    "[pump]\n": r"3: “pump” must be written as a table \[\[pump\]\]",
    "[pumps]\n": r"3: unknown key “pumps”\. Did you mean “pump”\? Allowed: plant, pump\.",
    'oops = "\n': r"3: not proper TOML, column \d+: ",
    "x = ": r"3: not proper TOML, column \d+: ",
    'id = "x"\n': r"3: not proper TOML, column \d+: Cannot overwrite",
}


@pytest.mark.parametrize("more", CASES)
def test_a_problem_is_told_with_its_line_and_what_is_allowed(more: str, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    [line] = told(tmp_path, PLANT + more, {"A": "x"})
    assert re.match(CASES[more], line), line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"1: the table \[plant\] is missing\. Allowed: id, colour"),
        ("plant = 3\n", r"1: “plant” must be written as a table \[plant\]"),
        (PLANT.encode() + b'colour = "\xff"\n', r"3: not proper TOML"),
    ],
)
def test_what_is_no_such_file_is_told(text: str | bytes, says: str, tmp_path: Path) -> None:
    [line] = told(tmp_path, text)
    assert re.match(says, line), line


def test_tables_that_are_needed_must_be_there_and_be_many(tmp_path: Path) -> None:
    file = tmp_path / "plant.toml"
    for text, says in {"": "the table [[pump]] is missing.", "pump = []\n": "“pump” must be written as"}.items():
        file.write_text(text, encoding="utf-8")
        document = Document(file, ("pump",), {})
        assert document.items("pump", Pump, needed=True) == []
        assert [problem.text(Words("en")).startswith(says) for problem in document.reader.problems] == [True]


def test_all_problems_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    found = told(tmp_path, PUMP + 'lable = "x"\n[plant]\nlevel = -1\nevery = 0\n')
    assert [int(line.partition(":")[0]) for line in found] == [3, 4, 5, 6]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Document(tmp_path / "gone.toml", ())
    head, line = caught.value.report(Words("en")).splitlines()
    assert "1 problem" in head
    assert line.endswith("gone.toml: No such file or directory")


def test_a_secret_with_a_wrong_type_is_never_shown(tmp_path: Path) -> None:
    found = told(tmp_path, PLANT + "password = 12345\ncommunity = 67890\n")
    assert len(found) == 2
    assert not re.search("12345|67890", str(found))


def test_what_stands_before_the_host_of_an_address_is_never_shown() -> None:
    problem = Problem(1, "", Wrong.BAD_URL, key="hub", given="mqtt://u:ge@heim@hub")
    assert "“mqtt://…@hub”" in problem.text(Words("en"))
    assert without_credentials("mqtt://hub") == "mqtt://hub"


def test_every_kind_of_problem_has_words() -> None:
    for language in LANGUAGES:
        catalogue = resources.files("telemetry").joinpath(f"texts/{language}.json").read_text(encoding="utf-8")
        worded = json.loads(catalogue)["configuration"]["problem"]
        assert set(worded) - {"allowed", "did_you_mean"} == set(Wrong)


@pytest.mark.parametrize("text", ["mqtt://hub", "mqtts://[::1]:8883", "mqtt://10.0.0.1:1883"])
def test_an_address_has_a_scheme_and_a_host(text: str) -> None:
    assert is_url(text, ("mqtt", "mqtts"))


@pytest.mark.parametrize("text", ["", "hub:1883", "http://hub", "mqtt://", "mqtt://h:0", "mqtt://h:x", "mqtt://u@h"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert not is_url(text, ("mqtt", "mqtts"))


@given(st.integers(0, 10**6))
def test_units_are_multiples(number: int) -> None:
    assert units.seconds(f"{number} min") == units.seconds(f"{number * 60}s") == number * 60
    assert units.size_bytes(f"{number}MiB") == units.size_bytes(f"{number * 1024} KiB") == number * 2**20


@pytest.mark.parametrize("text", ["", "5", "-5s", "5 minutes", "s", "1e3s", "5MB"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        units.seconds(text)
