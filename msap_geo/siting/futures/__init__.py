"""One plan for several futures: who will live where, and how long trips take."""
