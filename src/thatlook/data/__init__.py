"""Labelled photos of others and one's own: read in any common form, and audited.

`reading.read` takes a folder or file to a Dataset, `audit.audit` a Dataset to what is wrong
with it. Nothing here needs torch.
"""
