"""The HTTP API, a router per subject; dashboards/console/models.py is its contract."""
