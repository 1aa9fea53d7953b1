"""What must be served: traces, generators and forecasts."""
