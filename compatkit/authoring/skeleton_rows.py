"""What else a `migration.toml` can say, as comments of a new one: an example of each kind of row."""

from __future__ import annotations

ROWS = """
# What else there is, an example of each: take the comment signs away. The schema says what every key means;
# `confidence = "review"` in a row has it made on request only, and `why`, `since`, `remove`, `link` are for your users.
# A name that the library hands on in two places is two names: list both.

# A module that moves with all that is in it.
# [[moves]]
# code = "{letters}102"
# kind = "module"
# old = "{library}.old_package"
# new = "{library}.new_package"

# Arguments: renamed, gone, and a default that changed. `v1` are the positional parameters, in order.
# [[calls]]
# code = "{letters}201"
# of = ["{library}.report.render", "{library}.render"]
# v1 = ["rows", "fmt", "draft"]
# v2 = ["rows"]
# rename = {{ fmt = "format" }}
# drop = ["draft"]
# pin = {{ digits = 2 }}
# why = "fmt is called format, draft had no effect, and the default of digits is 6"

# Another name, with an argument that is new, and a value that is called otherwise.
# [[calls]]
# code = "{letters}202"
# of = "{library}.report.send"
# to = "{library}.mail.deliver"
# add = {{ channel = "mail" }}
# values = {{ how = [["fast", "express"]] }}

# A call of which a person has to think; `when` and `asks` narrow it down.
# [[calls]]
# code = "{letters}203"
# of = "{library}.report.archive"
# when = {{ forever = [true] }}
# say = "nothing is kept for ever; give days"

# A method, an attribute, a constant or a value of an enumeration. `defined = true`: a hook that subclasses define.
# [[members]]
# code = "{letters}301"
# of = ["{library}.levels.Level", "{library}.Level"]
# v1 = "HIGH_WATER"
# v2 = "HIGH"

# What is gone.
# [[removed]]
# code = "{letters}401"
# name = "{library}.checks.checksum"
# say = "use zlib.crc32"

# A key of YAML, TOML and JSON files; paths count from the top of the file. `beside` tells your files from others.
# [[keys]]
# code = "{letters}501"
# v1 = "{library}.queue_size"
# v2 = "capacity"
# beside = ["{library}.station"]

# Records with other keys. Without `returns`, the function returns the list of them. Where v2 returns objects, say so
# above the first row, with `record = "{library}.survey.Reading"`: then r["temp"] becomes r.temperature.
# [[fields]]
# code = "{letters}601"
# v1 = "temp"
# v2 = "temperature"

# [[producers]]
# code = "{letters}651"
# function = "{library}.survey.Survey.run"
# returns = ".readings"

# What no table can say, transform.py beside this file does; see `pydoc compatkit.transform`.
# [transform]
# code = "{letters}701"
# words = ["configure"]
# confidence = "safe"

# What may differ between what v1 and v2 log to MLflow.
# [equivalence]
# ignore = [{{ metric = "elapsed", why = "wall-clock time", optional = true }}]
# added_in_v2 = [{{ param = "channel", why = "v1 had one channel" }}]

# What you leave to people; `compatkit migrations audit` asks for nothing that is listed here.
# [[unhandled]]
# name = "{library}.report.Report(locale)"
# why = "nobody gave it"
"""
