"""The live picture's way to the district: for each stream that is watched a thread and one outbound WebSocket."""
