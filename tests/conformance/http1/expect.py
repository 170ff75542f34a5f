# SPDX-License-Identifier: GPL-3.0-or-later
"""What a case of the table may end in. A case lists the outcomes that its section allows."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Refused:
    """The proxy answers with one of `statuses`, closes, and no whole request gets through.

    @param behind good requests of the same connection, answered before.
    @param silent closing without an answer is allowed too.
    """
    statuses: frozenset
    behind: int = 0
    silent: bool = False


@dataclasses.dataclass(frozen=True)
class Forwarded:
    """The upstream sees exactly `times` sound requests and the client gets as many 200s.

    `has`/`lacks` are about the fields the upstream saw last, `client_has`/`client_lacks` about the
    answer. A value of None means any. @param closed whether the proxy must close (None: free).
    """
    line: bytes = None
    has: tuple = ()
    lacks: tuple = ()
    body: bytes = None
    times: int = 1
    closed: bool = None
    client_has: tuple = ()
    client_lacks: tuple = ()
    trailers_lack: tuple = ()
    interim: bytes = None  # a 1xx the client must have got before


@dataclasses.dataclass(frozen=True)
class Local:
    """The proxy answers by itself with one of `statuses`; nothing reaches the upstream."""
    statuses: frozenset
    closed: bool = None


@dataclasses.dataclass(frozen=True)
class BadGateway:
    """The upstream's answer is thrown away and the client told so."""
    statuses: frozenset = frozenset({502})


@dataclasses.dataclass(frozen=True)
class Relayed:
    """The client gets a sound answer: this status, this body, these fields."""
    status: int = 200
    body: bytes = b"ok"
    has: tuple = ()
    lacks: tuple = ()
    interims: tuple = None  # statuses of the 1xx the client must have got
    closed: bool = None


@dataclasses.dataclass(frozen=True)
class Cut:
    """The head was passed on before the fault showed: the client must see a cut, not an end."""


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    section: str
    send: bytes
    expect: tuple
    answer: bytes = None  # of the upstream; None: the canonical 200
    then: str = "keep"  # what the upstream does behind its answer: keep, close, reset
    methods: tuple = (b"GET",)
    finish: bool = False  # the client shuts down behind its bytes
    pending: str = ""  # why ours may still fail it: printed, but no failure of the run

    @property
    def id(self):
        return f"{self.section} {self.name}"


def refused(*statuses, **more):
    return Refused(frozenset(statuses), **more)


def local(*statuses, **more):
    return Local(frozenset(statuses), **more)
