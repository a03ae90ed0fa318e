"""What a model class declares, and the codec between its instances and items."""
