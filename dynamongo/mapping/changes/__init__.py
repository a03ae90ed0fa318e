"""What has changed in an instance, as deep as the changes are."""
