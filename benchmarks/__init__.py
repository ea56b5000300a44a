"""How light and how fast, measured: ``python -m benchmarks page|intake|export``."""
