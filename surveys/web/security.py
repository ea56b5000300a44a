from flask import Flask


def protect(app: Flask) -> None: ...
