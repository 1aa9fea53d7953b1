"""The plan as a person reads it: terminal tables and one self-contained page."""
