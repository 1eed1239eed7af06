"""Fault tests: kills, failing system calls, lost power, tampering."""
