"""The commands of `compatkit migrations`, one module each."""
