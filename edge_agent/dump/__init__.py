"""`ward-agent dump`: a real device's answers as a test fixture, with secrets and names blotted out.

`blot.py` blots (pure), `snmp.py` and `nut.py` ask, `registry.py` lists who dumps which protocol.
"""
