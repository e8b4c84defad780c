"""JSON-RPC over HTTP: one question, one answer, or one of the closed set of faults.

Reads are asked again, after a pause, when the fault may pass. What is sent is sent once: whoever sends decides.
Loopback is never reached through a proxy. Nothing that is raised shows the URL, which may hold a key.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from ...contracts.faults import (
    BadAnswer,
    ChainFault,
    ConnectionLost,
    MissingResult,
    NodeTimeout,
    NodeUnauthorized,
    NodeUnreachable,
    RateLimited,
)
from ...kernel.errors import InputError
from .node_errors import http_fault, node_error, shown

if TYPE_CHECKING:
    from requests import RequestException, Response

__all__ = ["JsonRpc", "Patience", "is_loopback"]

_MOST_BYTES = 64 << 20
_DEEPEST = 64
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_MOST_WAIT = 10.0  # seconds, whatever a node asks for


@dataclass(frozen=True)
class Patience:
    """How long a chain is waited for, in seconds.

    `request` bounds one answer, `pauses` lie between the attempts of a read and of sending the same bytes, `mined`
    bounds the wait for a transaction, `poll` is the shortest pause between two looks.
    """

    connect: float = 10.0
    request: float = 60.0
    pauses: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)
    mined: float = 120.0
    poll: float = 0.02


class JsonRpc:
    """A node's HTTP interface. Used from one thread."""

    def __init__(self, url: str, patience: Patience) -> None:
        """Keep the address; nothing is sent. Raises InputError when it is none."""
        import requests

        parts = _parts(url)
        self.patience = patience
        self._url = url.strip()
        self._session = requests.Session()
        self._session.trust_env = not is_loopback(parts.hostname or "")
        self._secrets = _secrets(parts)
        self._id = 0
        self._answered = False

    def ask(self, method: str, *parameters: Any, null: bool = False) -> Any:  # noqa: ANN401
        """Ask for something that changes nothing, again when a fault may pass; None only where `null` allows it.

        Raises ChainFault, and what an error's data says: `Reverted`, `Halted`.
        """
        until = time.monotonic() + 2 * self.patience.request + sum(self.patience.pauses)
        for pause in self.patience.pauses:
            try:
                return self.send(method, *parameters, null=null)
            except ChainFault as fault:
                waiting = max(pause, min(fault.wait, _MOST_WAIT))
                # Where nobody has ever answered, nobody is there.
                lasting = isinstance(fault, NodeUnreachable) and not self._answered
                if not fault.may_pass or lasting or time.monotonic() + waiting > until:
                    raise
            time.sleep(waiting)
        return self.send(method, *parameters, null=null)

    def send(self, method: str, *parameters: Any, null: bool = False) -> Any:  # noqa: ANN401
        """Ask once. Raises as `ask`."""
        self._id += 1
        question = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": list(parameters)}
        status, wait, body = self._post(json.dumps(question).encode())
        self._answered = True
        answer = _parsed(body)
        if isinstance(answer, dict) and answer.get("error") is not None:
            said = answer["error"]
            http = None if status // 100 == 2 else http_fault(status, wait)
            if http is not None and (isinstance(http, RateLimited | NodeUnauthorized) or not isinstance(said, dict)):
                raise http
            raise node_error(self._without_secrets(said))
        if status // 100 != 2:
            raise http_fault(status, wait)
        if not isinstance(answer, dict) or answer.get("id") not in (self._id, str(self._id)):
            raise BadAnswer()
        result = answer.get("result")
        if result is None and not (null and "result" in answer):
            raise MissingResult(f"the node answered {method} without a result")
        return result

    def _post(self, body: bytes) -> tuple[int, float, bytes]:
        """Return the status, the seconds to wait and the body of an answer."""
        import requests

        limits = (self.patience.connect, self.patience.request)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        until = time.monotonic() + self.patience.request
        try:
            with self._session.post(
                self._url, data=body, headers=headers, timeout=limits, stream=True, allow_redirects=False
            ) as response:
                return response.status_code, _wait(response), _body(response, until)
        except requests.exceptions.RequestException as error:
            raise _network_fault(error) from None  # its text holds the URL

    def _without_secrets(self, error: Any) -> Any:  # noqa: ANN401
        """Return an error without what the URL keeps secret, should the node repeat it."""
        text = json.dumps(error)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return json.loads(text)


def is_loopback(host: str) -> bool:
    """Return whether a host's name or address is this machine's own, however it is written."""
    host = host.strip("[]").rstrip(".").casefold()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        try:
            address = ipaddress.ip_address(socket.inet_aton(host))  # 127.1, 0x7f000001
        except (OSError, UnicodeError):
            return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified


def _parts(url: str) -> SplitResult:
    """Return an address's parts. Raises InputError for what is no http:// or https:// one; it is not shown."""
    import requests

    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        requests.Request("POST", url.strip()).prepare()
    except (ValueError, requests.exceptions.RequestException):
        usable = False
    if not usable:
        raise InputError("the chain's URL begins with http:// or https:// and names a host", code="usage")
    return parts


def _secrets(parts: SplitResult) -> list[str]:
    """Return the parts of an address that may be a key: long words of its path and query, and its password."""
    words = re.split(r"[/?&=#;]", f"{parts.path}?{parts.query}?{parts.username or ''}?{parts.password or ''}")
    return sorted({word for word in words if len(word) >= 8}, key=len, reverse=True)


def _parsed(body: bytes) -> Any:  # noqa: ANN401
    """Return what a body says, None when it is no JSON, or nested deeper than any answer is."""
    depth = 0
    for found in _NESTING.finditer(body):  # Python's parser recurses, and a library may have lifted its limit
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        if depth > _DEEPEST:
            return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def _wait(response: Response) -> float:
    """Return the seconds that an answer asks to wait: whole ones only, for dates are of another clock."""
    given = response.headers.get("Retry-After", "")
    return float(given) if re.fullmatch(r"\d{1,6}", given, re.ASCII) else 0.0


def _body(response: Response, until: float) -> bytes:
    """Read an answer that is neither endless nor endlessly slow."""
    read = bytearray()
    for piece in response.iter_content(1 << 16):
        read += piece
        if len(read) > _MOST_BYTES:
            raise BadAnswer(f"the node's answer is longer than {_MOST_BYTES >> 20} MiB")
        if time.monotonic() > until:
            raise NodeTimeout()
    return bytes(read)


def _network_fault(error: RequestException) -> ChainFault:
    """Return what kept a request or its answer from arriving."""
    from requests import exceptions
    from urllib3.exceptions import NewConnectionError, ReadTimeoutError

    inner = error.args[0] if error.args else None
    cause = getattr(inner, "reason", inner)
    if isinstance(error, exceptions.ProxyError):
        fault: ChainFault = NodeUnreachable("the proxy of this environment does not lead to the chain")
    elif isinstance(error, exceptions.SSLError):
        fault = NodeUnreachable("no secure connection to the chain can be made")
    elif isinstance(error, exceptions.ConnectTimeout) or isinstance(cause, NewConnectionError):
        fault = NodeUnreachable()
    elif isinstance(error, exceptions.Timeout) or isinstance(cause, ReadTimeoutError):
        fault = NodeTimeout()
    elif isinstance(error, exceptions.ConnectionError | exceptions.ChunkedEncodingError):
        fault = ConnectionLost()
    else:
        fault = BadAnswer(said=shown(type(error).__name__))
    return fault
