"""The one-stop counter as the operations centre and the hall see it: figures, and a live board."""
