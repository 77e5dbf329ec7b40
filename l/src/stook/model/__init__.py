"""Pure values: what a bundle, a record, a tree of data and a lineage are. No I/O."""
