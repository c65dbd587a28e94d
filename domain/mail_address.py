"""Mail addresses as they are stored and compared."""

from __future__ import annotations

import re

from domain.errors import UsageError

MAX_ADDRESS = 254


# RFC 5321's dot-string in ASCII. Quoted local parts and other alphabets exist but are not needed here, and every
# character that this refuses could end a header or a command early.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NOT_PUBLIC = frozenset({"arpa", "internal", "invalid", "local", "localhost", "onion", "test"})
"""Top-level names without public mail, by IANA's registry of special-use names. ``example`` is kept for examples."""


def normalised_address(text: str, *, public: bool = False) -> str:
    """The address as stored and compared: trimmed, lower-case, with the domain in ASCII.

    With ``public`` its host must be one that mail can reach on the public network.

    The standard lets a server distinguish ``Ada@`` from ``ada@``. No common server does, and a reader who types both
    must not get two digests.

    Raises
    ------
    UsageError
        If the text is not a valid mail address.

    Examples
    --------
    >>> normalised_address(" Ada.Example@BÜCHER.example ")
    'ada.example@xn--bcher-kva.example'
    """
    local, at, host = text.strip().rpartition("@")
    shown = repr(text if len(text) <= 80 else text[:77] + "...")
    if not at or not _LOCAL.fullmatch(local) or len(local) > 64:
        raise UsageError(f"{shown} is not a mail address; write it like ada@example.org")
    try:
        ascii_host = host.lower().encode("idna").decode("ascii")
    except UnicodeError as error:
        raise UsageError(f"{shown} is not a mail address: the domain name is invalid") from error
    labels = ascii_host.split(".")
    if len(labels) < 2 and (public or ascii_host != "localhost"):
        raise UsageError(f"{shown} is not a mail address: the part after @ is not a domain name")
    if not all(_LABEL.fullmatch(label) and len(label) <= 63 for label in labels) or labels[-1].isdigit():
        raise UsageError(f"{shown} is not a mail address: the domain name is invalid")
    if public and labels[-1] in _NOT_PUBLIC:
        raise UsageError(f"{shown} is not a mail address: .{labels[-1]} names have no public mail")
    address = f"{local.lower()}@{ascii_host}"
    if len(address) > MAX_ADDRESS:
        raise UsageError(f"{shown} is longer than {MAX_ADDRESS} characters, the maximum of a mail address")
    return address


def mailbox_of(address: str) -> str:
    """The mailbox of a normalised address, without its tag: ``ada+news@`` gives ``ada@``.

    Used for limits only, so that one mailbox cannot be flooded through its aliases.
    """
    local, _, host = address.rpartition("@")
    local = local.partition("+")[0] or local
    if host in ("gmail.com", "googlemail.com"):
        local, host = local.replace(".", ""), "gmail.com"
    return f"{local}@{host}"
