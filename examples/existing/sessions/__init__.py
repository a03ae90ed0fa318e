"""Users and their sessions in one table, told apart by PynamoDB's discriminator."""
