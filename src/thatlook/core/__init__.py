"""What everything stands on: records, words, errors, settings, images, colors, files."""
