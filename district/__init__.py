"""The district's process: ingest and console; the command ward-district."""
