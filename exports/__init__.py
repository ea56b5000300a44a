"""Tables for other programs: what each column means, and the files they are written to."""
