"""Touchstone: from a YAML instrument to a form, from a form to figures that can be trusted."""
