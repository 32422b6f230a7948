"""The way to the district: a log over MQTT.

Nothing is sent before it is durable, nothing is queued while the line is down.
"""
