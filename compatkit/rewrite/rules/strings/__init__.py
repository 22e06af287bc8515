"""Rewrite or report strings that name moved code, such as the target of a mock.patch."""
