// Assurance
