"""``python -m benchmarks.bare PORT WORKERS``: the least that Flask does, on the same server."""

from __future__ import annotations

import sys

from flask import Flask, Response, request
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from surveys.commands.serve import BACKLOG, THREADS


def create_app() -> Flask:
    app = Flask("bare")

    @app.post("/api/submissions")
    def submissions() -> Response:
        request.get_data()
        return Response('{"receipts": []}', mimetype="application/json")

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    return app


if __name__ == "__main__":
    Granian(
        "benchmarks.bare:create_app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        factory=True,
        workers=int(sys.argv[2]),
        blocking_threads=THREADS,
        backlog=BACKLOG,
        websockets=False,
        log_level=LogLevels.error,
    ).serve()
