"""Imports of moved names, and the uses that go through their modules."""
