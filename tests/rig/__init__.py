"""What the tests stand on: a network that can fail, and the real server in its own process."""
