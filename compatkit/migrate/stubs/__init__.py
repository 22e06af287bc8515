"""Type stubs for old modules that are gone, so that checkers go on accepting their imports."""
