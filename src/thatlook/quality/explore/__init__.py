"""A feed's report: what is in it, what is wrong with it, what the pipeline can use."""
