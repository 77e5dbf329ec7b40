"""Tables: any Arrow-speaking frame to an item and back."""
