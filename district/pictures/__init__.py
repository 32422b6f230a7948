"""The wards' pictures at the district: those that evidence names, on the disk; the cameras' newest, in memory."""
