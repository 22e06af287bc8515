"""What the exit status of every command means."""

from __future__ import annotations

from enum import IntFlag


class ExitStatus(IntFlag):
    """0 nothing to do, or done; 1 findings or differences; 2 something could not be processed; 3 both; 64 wrong use."""

    OK = 0
    FINDINGS = 1
    FAILED = 2
    USAGE = 64
