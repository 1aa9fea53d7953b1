"""What can be bought and how fast it runs: prices, shapes, tariffs and profiles."""
