"""Tables over small named dossiers, and properties; through HTTP where there is HTTP."""
