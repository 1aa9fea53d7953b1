"""AWS: machines, functions and endpoints of a plan, as resources whose bodies are read back for drift."""
