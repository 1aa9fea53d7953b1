"""Schemes that decide what runs, those of the papers and ours: `registry` names them, `context` is what they are made from."""
