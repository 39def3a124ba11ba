"""The leakage audit: a pipeline run again, with everything after a cutoff replaced by garbage."""
