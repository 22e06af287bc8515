"""Tracking stores: opened without being made, read fast where they allow it, and their faults told apart."""

from __future__ import annotations
