"""Reads what a change would do from the files that Pulumi and `stackgraph plan` write.

`read_change` recognises by their content `pulumi preview --json`, its streaming form, event logs
(`--event-log`), and `stackgraph plan --json`. What can't be read is one `CannotRead` of one line;
what can be read and yet allows no conclusion is named by `problems`.
"""

from preview.reading.change import read_change
from preview.reading.error import CannotRead
from preview.reading.problems import problems

__all__ = ["CannotRead", "problems", "read_change"]
