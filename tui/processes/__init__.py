"""What runs beside the app, in processes of its own."""
