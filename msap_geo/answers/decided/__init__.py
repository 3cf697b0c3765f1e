"""What is decided of a network in place: what post offices become, when Maisons open longer."""
