"""`make demo`: a virtual (or real) ward, its agent, a broker and a district, as separate processes on one machine."""
