"""Flask blueprints: thin views over the rooms below."""
