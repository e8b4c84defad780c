"""A node that answers as it is told, on loopback: every way in which real ones fail."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADDRESS = "0x" + "11" * 20
SENDER = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"  # of anvil's first key
HASH = "0x" + "ab" * 32


@dataclass(frozen=True)
class Http:
    """An answer that is more, or less, than JSON with status 200. `after` seconds go by before it."""

    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    hang_up: bool = False
    after: float = 0.0


def result(value):
    return {"result": value}


def error(code, message="", **more):
    return {"error": {"code": code, "message": message, **more}}


def block(number, **more):
    return {"number": hex(number), "timestamp": "0x6aaf0000", "gasLimit": hex(30_000_000), **more}


def receipt(**more):
    fields = {"transactionHash": None, "status": "0x1", "blockNumber": "0x8", "gasUsed": "0x5208"}
    return {**fields, "logs": [], "contractAddress": None, **more}


class FakeNode:
    """A method's answers come one after the other, and the last one stays."""

    def __init__(self):
        self.url = ""
        self.stopping = threading.Event()
        self.asked = []
        self.answers = {
            "eth_chainId": [result("0x7a69")],
            "eth_accounts": [result([SENDER])],
            "eth_getBlockByNumber": [self._block],
            "eth_getTransactionCount": [result("0x5")],
            "eth_getCode": [result("0xfe")],
            "eth_gasPrice": [result("0x6e")],
            "eth_estimateGas": [result("0x5208")],
            "eth_call": [result("0x" + "00" * 31 + "2a")],
            "eth_sendTransaction": [result(HASH)],
            "eth_sendRawTransaction": [result(HASH)],
            "eth_getTransactionReceipt": [lambda params: result(receipt(transactionHash=params[0]))],
            "eth_getTransactionByHash": [result({"hash": HASH})],
        }

    def _block(self, _):
        """Return block 7, and block 8 once a transaction has been mined."""
        return result(block(8 if self.count("eth_getTransactionReceipt") else 7, baseFeePerGas="0x64"))

    def say(self, method, *answers):
        self.answers[method] = list(answers)

    def count(self, method):
        return sum(name == method for name, _ in self.asked)

    def parameters(self, method):
        return [parameters for name, parameters in self.asked if name == method]

    def answer(self, method, parameters):
        self.asked.append((method, parameters))
        queue = self.answers[method]
        one = queue.pop(0) if len(queue) > 1 else queue[0]
        return one(parameters) if callable(one) else one


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Say nothing of whoever did not wait for an answer."""


def serve(node):
    return Server(("127.0.0.1", 0), _handler(node))


def _handler(node):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made = node.answer(question["method"], question["params"])
            if not isinstance(made, Http):
                made = Http(body=json.dumps({"jsonrpc": "2.0", "id": question["id"], **made}).encode())
            if made.hang_up or node.stopping.wait(made.after):
                self.close_connection = True
                return
            self.send_response(made.status)
            for name, value in {"Content-Length": str(len(made.body)), **made.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *arguments):
            """Say nothing."""

    return Handler
