"""The target kubernetes: plain objects for one window and its schedule, put in place by server-side apply."""
