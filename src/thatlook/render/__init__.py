"""How things are shown: small plots as SVG, photos with boxes and joints, one HTML page.

Pure: values in, text or pictures out. Whatever a page shows is inside it, no script runs, and
colors follow the reader's light or dark setting.
"""
