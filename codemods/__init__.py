"""The bundled migrations, each in the form in which a third party ships its own."""
