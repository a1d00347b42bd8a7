"""An event's poster, drawn here."""
