"""What every test may use."""

from antiphon import build_info


def pytest_report_header() -> str:
    """Say which build is under test."""
    info = build_info()
    return f"antiphon {info.version}, {'compiled' if info.compiled else 'interpreted'}"
