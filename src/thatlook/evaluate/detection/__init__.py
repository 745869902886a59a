"""The article detector measured: metrics, report, run."""
