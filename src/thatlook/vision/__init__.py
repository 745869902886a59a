"""A photo to a look: the networks, the stages, whose article is whose."""
