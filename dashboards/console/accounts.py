"""Who may look: users, their passwords, their sessions. Calls block on the database: call from a thread."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dashboards.console.passwords import Passwords, one_time_password
from dashboards.console.tables import User, UserSession, UserWard
from dashboards.console.throttle import Limit, Throttle
from telemetry.clock import Clock
from telemetry.kinds import is_id

log = logging.getLogger(__name__)

IDLE_SECONDS = 12 * 3600
ABSOLUTE_SECONDS = 7 * 24 * 3600
_TOUCH_SECONDS = 60  # how exactly "last seen" is kept: a write per request would wear the disk
_TOKEN_BYTES = 32
_USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
MIN_PASSWORD = 10


class Role(StrEnum):
    """What a user may do."""

    DISTRICT = "district"  # sees all wards, polls
    WARD = "ward"  # sees its own wards, polls
    AUDITOR = "auditor"  # sees all wards, changes nothing
    ADMIN = "admin"  # as the district; users are kept by the command line


class AccountFault(StrEnum):
    """Why not; worded for people by the command that keeps the users (district/texts, under "account")."""

    USER_EXISTS = "user_exists"
    NO_SUCH_USER = "no_such_user"
    BAD_NAME = "bad_name"
    WARD_NEEDED = "ward_needed"
    WARD_NOT_WANTED = "ward_not_wanted"
    BAD_WARD = "bad_ward"
    NO_SUCH_ROLE = "no_such_role"
    BAD_PASSWORD = "bad_password"


class AccountError(ValueError):
    """A user cannot be made or changed so. The message is for the log, `fault` and its `values` for people."""

    def __init__(self, message: str, fault: AccountFault, **values: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.values = values


class WrongSignInError(Exception):
    """No such user, or not this password: never said which."""


class WrongPasswordError(Exception):
    """The old password is not this one."""


class TooManyTriesError(Exception):
    """To be tried again in `retry_seconds`."""

    def __init__(self, retry_seconds: float) -> None:
        super().__init__(f"too many tries; again in {retry_seconds:.0f} s")
        self.retry_seconds = retry_seconds


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is signed in."""

    user: str
    name: str
    role: Role
    wards: frozenset[str]
    one_time_password: bool
    session: str  # names the session without opening it

    def may_see(self, ward: str) -> bool:
        return self.role is not Role.WARD or ward in self.wards

    @property
    def may_poll(self) -> bool:
        return self.role is not Role.AUDITOR


@dataclass(frozen=True, slots=True)
class UserLine:
    """A user as the command line lists it."""

    name: str
    display_name: str
    role: Role
    wards: tuple[str, ...]
    one_time_password: bool
    created_us: int


class Accounts:
    """Users and sessions in the tables of `tables.py`, which must exist."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.clock = clock
        self._engine = engine
        self._passwords = Passwords()
        # One browser guessing one user; one address guessing many; many addresses guessing one. The last is kept
        # mild: else anyone could lock a user out.
        self._by_both = Throttle(clock, Limit(free=5, first_seconds=2.0, longest_seconds=900.0))
        self._by_address = Throttle(clock, Limit(free=100, first_seconds=2.0, longest_seconds=900.0))
        self._by_user = Throttle(clock, Limit(free=50, first_seconds=1.0, longest_seconds=30.0))

    def add_user(
        self,
        name: str,
        role: Role | str,
        wards: Sequence[str] = (),
        password: str | None = None,
        *,
        display_name: str = "",
    ) -> str:
        """Make a user; returns the one-time password (the one given, or a new one). Raises AccountError."""
        name = user_key(name)
        role = _role(role)
        _check_user(name, role, wards)
        password = password if password is not None else one_time_password()
        user = User(
            name=name,
            display_name=display_name.strip() or name,
            role=role.value,
            password_hash=self._passwords.hash(password),
            one_time_password=True,
            created_us=self.clock.wall_us(),
            wards=[UserWard(ward=ward) for ward in sorted(set(wards))],
        )
        with Session(self._engine) as session:
            session.add(user)
            try:
                session.commit()
            except IntegrityError as error:
                raise AccountError(f"there is a user {name!r} already", AccountFault.USER_EXISTS, name=name) from error
        return password

    def list_users(self) -> list[UserLine]:
        """All users by name."""
        with Session(self._engine) as session:
            return [_line(user) for user in session.scalars(select(User).order_by(User.name))]

    def remove_user(self, name: str) -> None:
        """The user and its sessions go. Raises AccountError where there is none."""
        with Session(self._engine) as session:
            user = _user(session, user_key(name))
            if user is None:
                raise AccountError(f"there is no user {name!r}", AccountFault.NO_SUCH_USER, name=name)
            session.execute(delete(UserSession).where(UserSession.user_id == user.id))
            session.delete(user)
            session.commit()

    def reset_password(self, name: str, password: str | None = None) -> str:
        """A new one-time password; every session of the user ends. Raises AccountError where there is none."""
        password = password if password is not None else one_time_password()
        password_hash = self._passwords.hash(password)
        with Session(self._engine) as session:
            user = _user(session, user_key(name))
            if user is None:
                raise AccountError(f"there is no user {name!r}", AccountFault.NO_SUCH_USER, name=name)
            user.password_hash, user.one_time_password = password_hash, True
            session.execute(delete(UserSession).where(UserSession.user_id == user.id))
            session.commit()
        return password

    def sign_in(self, name: str, password: str, address: str) -> str:
        """A new session's token. Raises WrongSignInError (as slowly for no user as for one) or TooManyTriesError."""
        name = user_key(name)
        tries = self._admit(name, address)
        with Session(self._engine) as session:
            user = _user(session, name)
            password_hash = None if user is None else user.password_hash
        if not self._passwords.verify(password_hash, password) or user is None or password_hash is None:
            log.info("sign-in of %r from %s refused", name, address)
            raise WrongSignInError
        for throttle, key in tries:
            throttle.succeeded(key, clear=throttle is self._by_both)
        new_hash = self._passwords.hash(password) if self._passwords.outdated(password_hash) else None
        return self._open_session(user.id, new_hash)

    def session_of(self, token: str) -> Viewer | None:
        """Who holds this token; None when it is unknown or has expired. Counts as use of the session."""
        key = _digest(token)
        now = self.clock.wall_us()
        with Session(self._engine) as session:
            found = session.get(UserSession, key)
            if found is None:
                return None
            # A wall clock that was set back must not make a session older than it is, nor immortal.
            if now - found.seen_us > IDLE_SECONDS * 1_000_000 or now - found.created_us > ABSOLUTE_SECONDS * 1_000_000:
                session.delete(found)
                session.commit()
                return None
            viewer = _viewer(found)
            if abs(now - found.seen_us) > _TOUCH_SECONDS * 1_000_000:
                touch = update(UserSession).where(UserSession.token_sha256 == key).values(seen_us=now)
                session.execute(touch)
                session.commit()
        return viewer

    def sign_out(self, token: str) -> None:
        """The session ends; an unknown token is no error."""
        with Session(self._engine) as session:
            session.execute(delete(UserSession).where(UserSession.token_sha256 == _digest(token)))
            session.commit()

    def change_password(self, viewer: Viewer, old: str, new: str, address: str) -> None:
        """Set a new password; the user's other sessions end.

        Raises WrongPasswordError, TooManyTriesError, or AccountError for a password that will not do.
        """
        tries = self._admit(viewer.user, address)
        with Session(self._engine) as session:
            user = _user(session, viewer.user)
            password_hash = None if user is None else user.password_hash
        if not self._passwords.verify(password_hash, old):
            raise WrongPasswordError
        for throttle, key in tries:
            throttle.succeeded(key, clear=throttle is self._by_both)
        if len(new) < MIN_PASSWORD or new == old or user_key(new) == viewer.user:
            message = "a password needs ten letters and must be neither the old one nor the user's name"
            raise AccountError(message, AccountFault.BAD_PASSWORD)
        new_hash = self._passwords.hash(new)
        with Session(self._engine) as session:
            user = _user(session, viewer.user)
            if user is None:
                raise WrongPasswordError
            user.password_hash, user.one_time_password = new_hash, False
            others = UserSession.token_sha256 != bytes.fromhex(viewer.session)
            session.execute(delete(UserSession).where(UserSession.user_id == user.id, others))
            session.commit()

    def _open_session(self, user_id: int, new_hash: str | None) -> str:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        now = self.clock.wall_us()
        with Session(self._engine) as session:
            # Expired sessions of anybody go here: nothing else needs to sweep.
            idle, old = now - IDLE_SECONDS * 1_000_000, now - ABSOLUTE_SECONDS * 1_000_000
            session.execute(delete(UserSession).where((UserSession.seen_us < idle) | (UserSession.created_us < old)))
            session.add(UserSession(token_sha256=_digest(token), user_id=user_id, created_us=now, seen_us=now))
            if new_hash is not None:
                session.execute(update(User).where(User.id == user_id).values(password_hash=new_hash))
            session.commit()
        return token

    def _admit(self, name: str, address: str) -> list[tuple[Throttle, str]]:
        network = _network(address)
        tries = [(self._by_both, f"{name} {network}"), (self._by_address, network), (self._by_user, name)]
        wait = max(throttle.wait_seconds(key) for throttle, key in tries)
        if wait > 0:
            log.warning("sign-in of %r from %s has to wait %.0f s: too many tries", name, address, wait)
            raise TooManyTriesError(wait)
        for throttle, key in tries:
            throttle.begin(key)
        return tries


def user_key(name: str) -> str:
    """A user's name as it is kept: however it was typed, it is one user."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _check_user(name: str, role: Role, wards: Sequence[str]) -> None:
    if not _USER_NAME.fullmatch(name):
        message = f"{name!r} cannot be a user's name: a-z, 0-9, '.', '_' and '-', at most 64"
        raise AccountError(message, AccountFault.BAD_NAME, name=name)
    if role is Role.WARD and not wards:
        message = f"a user of the role {role.value!r} needs at least one ward"
        raise AccountError(message, AccountFault.WARD_NEEDED, role=role)
    if role is not Role.WARD and wards:
        message = f"a user of the role {role.value!r} sees all wards; name none"
        raise AccountError(message, AccountFault.WARD_NOT_WANTED, role=role)
    for ward in wards:
        if not is_id(ward):
            raise AccountError(f"{ward!r} cannot be a ward's id", AccountFault.BAD_WARD, ward=ward)


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        allowed = ", ".join(Role)
        message = f"{role!r} is no role: {allowed}"
        raise AccountError(message, AccountFault.NO_SUCH_ROLE, role=role, allowed=allowed) from error


def _user(session: Session, name: str) -> User | None:
    return session.scalars(select(User).where(User.name == name)).one_or_none()


def _line(user: User) -> UserLine:
    wards = tuple(each.ward for each in user.wards)
    return UserLine(user.name, user.display_name, Role(user.role), wards, user.one_time_password, user.created_us)


def _viewer(found: UserSession) -> Viewer:
    user = found.user
    return Viewer(
        user=user.name,
        name=user.display_name,
        role=Role(user.role),
        wards=frozenset(each.ward for each in user.wards),
        one_time_password=user.one_time_password,
        session=found.token_sha256.hex(),
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", errors="surrogatepass")).digest()


def _network(address: str) -> str:
    """An IPv6 host has 2^64 addresses of its own: they count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped is not None else str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
