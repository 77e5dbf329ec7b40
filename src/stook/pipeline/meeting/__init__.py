"""What a task meets while it runs or is imported: files read, environment variables, names of files.

`observing` is told by Python's audit hook. What `audit_events` mean it tells to the `observation` of a task and to a
`bystander`, but for what is opened in `blocks` that are ours. `counting` says which files count, and `file_digests`
what is in them. `at_import` knows what modules have read, for all tasks that use them later, and `env` which
variables. `file_names` are those that code names; `environment` is where and with what a task runs.
"""
