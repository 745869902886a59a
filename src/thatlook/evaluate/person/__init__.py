"""The person network measured: metrics, report, run."""
