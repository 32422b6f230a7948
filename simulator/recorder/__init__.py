"""A network video recorder without disks: an index of footage, and the footage drawn when somebody asks for it."""
