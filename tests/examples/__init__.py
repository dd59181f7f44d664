"""The example programs, run as people run them."""
