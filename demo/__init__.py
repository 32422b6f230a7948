"""`make demo`: a ward, its agent, a broker and a district on one machine."""
