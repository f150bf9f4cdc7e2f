"""Readiness means our own child, not somebody else on its port."""

import os
import socket
import subprocess
import sys

from sandbox.run import proc
from sandbox.run.ports import HOST


def test_a_strangers_listener_is_not_ours() -> None:
    stranger = subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE)
    with socket.socket() as server, stranger:
        server.bind((HOST, 0))
        port = server.getsockname()[1]
        assert not proc.listens(os.getpid(), port)
        server.listen()
        assert proc.listens(os.getpid(), port)
        assert not proc.listens(stranger.pid, port)
        stranger.communicate(b"\n")
