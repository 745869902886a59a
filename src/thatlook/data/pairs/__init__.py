"""Pairs: a scene in which something is worn, and the picture of that very product.

`reading.read` takes any known form to a PairSet, `audit.audit` a PairSet to what is wrong with
it, `table.write` a PairSet to the common form, a CSV of one line per pair. Pictures of other
people's data are fetched by `thatlook train pairs` (see `acquire.pairs`), never from here.
"""
