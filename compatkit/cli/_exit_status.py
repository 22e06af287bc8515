"""The exit statuses of every command."""

from __future__ import annotations

from enum import IntFlag


class ExitStatus(IntFlag):
    """0 nothing to do, or done; 1 findings or differences; 2 something could not be processed; 3 both; 64 wrong use."""

    OK = 0
    FINDINGS = 1
    FAILED = 2
    USAGE = 64


def status_of_proof(*, has_differences: bool, has_failures: bool, is_proven: bool) -> ExitStatus:
    """Return the status of a proof; whatever the reason, where there is none, it is not that of one."""
    status = ExitStatus.OK
    if has_differences:
        status |= ExitStatus.FINDINGS
    if has_failures or not (is_proven or has_differences):
        status |= ExitStatus.FAILED
    return status
