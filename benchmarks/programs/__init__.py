"""What the scenarios start in processes: ``python -m benchmarks.programs.NAME``."""
