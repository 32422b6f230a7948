"""Wards, a city line and a district on one machine, broken on a seeded schedule, and then judged: is anything lost?

`make chaos ARGS="--wards 8 --minutes 5 --seed N --report FILE"` (docs/durability.md "Chaos").
"""
