"""The ward's process: configuration, schedule, rules, uplink; the command ward-agent."""
