"""Fixtures of the chains' tests."""

import threading

import pytest

from .fake_node import FakeNode, serve


@pytest.fixture
def node(monkeypatch):
    """Return a node that answers as it is told; the environment's key and proxies are not the developer's."""
    monkeypatch.delenv("ZKMARGIN_PRIVATE_KEY", raising=False)
    made = FakeNode()
    server = serve(made)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.stopping.set()
    server.shutdown()
    server.server_close()
    thread.join()
