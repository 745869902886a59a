"""The sample that ships: a rendered shop and looks, CC0."""
