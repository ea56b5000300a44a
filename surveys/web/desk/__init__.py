"""The desk: one module a room, each with its blueprint; ``menu`` lists them."""
