"""The web app: sign-in, pages, live fan-out. It is handed a Site and never reaches past it."""
