"""The demonstration season and the rehearsal's accounts: nothing that a sale needs."""
