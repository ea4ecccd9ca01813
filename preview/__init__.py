"""What a program would do, with no engine and no credentials: recordings, plans, trees.

`record.record` runs a program and tells what it registers; `plan.Plan.of` makes a plan of that;
`document.to_json` and `tree.lines` show one; `reading.read_change` reads what Pulumi or
`stackgraph plan --json` wrote. No host, no provider and no state is looked at.
"""
