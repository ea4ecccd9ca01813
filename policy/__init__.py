"""The policy pack: the graph's rules, judged on the resources of any Pulumi program."""
