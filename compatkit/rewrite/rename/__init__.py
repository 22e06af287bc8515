"""`--rename`: the new name throughout the scope of an import, in place of `N2 as N`."""
