"""What people look at: console (the web app) and grafana (dashboards as code)."""
