"""What must be served: traces, generators, request classes and forecasts."""
